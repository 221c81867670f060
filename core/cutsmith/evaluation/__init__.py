"""The `evaluation` room: cut-outs measured against pictures whose true alpha is known. A door: nothing uses it.

samples           finds pictures and their truth in a folder, and reads them
matting_metrics   SAD, MSE, gradient and connectivity error of an alpha
mask_metrics      MAE, S-measure, F-measure and boundary IoU of a mask
configurations    what is compared: models, looks and mattings, crossed
peers             rembg, with and without its own alpha matting
measuring         runs one configuration in a fresh process and measures every picture
summary           means by configuration, and how often one is worse than the baseline
tables            CSV and Markdown
worst             keeps the worst results while they come in
contact_sheet     the worst results as one picture
"""
