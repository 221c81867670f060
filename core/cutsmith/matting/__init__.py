"""The `matting` room: soft mask -> trimap -> alpha -> the subject's own colours.

The modules, in the order of the way:

    mask_edits      a mask hardened, grown, shrunk, softened or inverted
    trimap          soft mask -> what is surely subject, surely background, or unknown
    loading         what the option `matting` says -> a matter; a row of `MATTERS` for each method
    closed_form     alpha of the unknown pixels
        thin_parts      what is thinner than the band, and its ridge
        kept_parts      the trimap and the alpha that lose no thin part
        crops           the unknown pixels, in crops that can each be solved alone
        compilation     pymatting, which solves them
    regions         a region grown by some pixels
    stray_alpha     a model's traces of doubt, far from the subject
    foreground      picture and alpha -> colours without the old background
"""
