"""The `matting` room: soft mask -> trimap -> alpha -> the subject's own colours.

The modules, in the order of the way:

    mask_edits      a mask hardened, grown, shrunk, softened or inverted
    trimap          soft mask -> what is surely subject, surely background, or unknown
    loading         what the option `matting` says -> a matter; a row of `MATTERS` for each method
    thin_parts      what is thinner than the band, and its ridge
    kept_parts      the trimap and the alpha that lose no thin part
    closed_form/    our own closed form: from a soft mask, or from a person's trimap
    vitmatte/       alpha of the unknown pixels by a network
    bimatting/      a network that mattes people, another's architecture
    pymatting_methods   pymatting's methods, for comparison
        crops           the unknown pixels, in crops that can each be solved alone
        compilation     pymatting, imported and compiled
    regions         a region grown by some pixels
    stray_alpha     a model's traces of doubt, far from the subject
    foreground      picture and alpha -> colours without the old background
        multilevel      estimated on several levels, the default
        blur_fusion     from averages around each pixel
        tiles           only where something is to be estimated
"""
