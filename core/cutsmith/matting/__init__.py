"""The `matting` room: soft mask -> trimap -> alpha -> the subject's own colours.

The modules, in the order of the way:

    mask_edits      a mask grown, shrunk, softened or inverted
    trimap          soft mask -> what is surely subject, surely background, or unknown
    loading         what the option `matting` says -> a matter; a row of `MATTERS` for each method
    closed_form     alpha of the unknown pixels
        crops           the unknown pixels, in crops that can each be solved alone
        compilation     pymatting, which solves them
    foreground      picture and alpha -> colours without the old background
"""
