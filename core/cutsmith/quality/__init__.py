"""The `quality` room: how wrong a cut-out may be, without its truth, and whether a person should look at it.

signals         numbers from the mask, its views and the picture; colours and edges have modules of their own
calibration     from signals to an uncertainty, by what was fitted on pictures with a true alpha
judging         a cut-out's `Quality`: uncertainty, verdict and reasons
reasons         the sentences
enclosed        background that a mask has taken in, such as the inside of a ring
fitting         fits a calibration, and judges it on subjects that it has not seen
ranking         the risk at each coverage, and how true the uncertainties are
broken_masks    masks that are wrong on purpose, which a calibration must learn to doubt

Of the rooms of the engine it knows only the results.
"""
