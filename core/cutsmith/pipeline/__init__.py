"""The `pipeline` room: the way of a picture through the other rooms, in three verbs.

stages            one run: its clock, its warnings, and whether to stop
loading           the models: handed in, or loaded and kept under a bound of bytes
prompting         box, clicks, selection, boxes of words -> what the segmenter is asked for
subjects          what was asked for -> soft masks
finishing         soft mask -> alpha -> edits -> clean colours
cut_out           the verb that does all of it; `cut_out_each` gives a cut-out an object
find_detections   the verb that stops at the boxes of words
refine_mask       the verb that begins at a mask
"""
