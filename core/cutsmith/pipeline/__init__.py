"""The `pipeline` room: three verbs that take a picture through the other rooms.

stages            one run: its times, its warnings, and whether to stop
loading           the models: handed in, or loaded and kept up to a limit of bytes
prompting         box, clicks, selection, boxes of words -> prompts for the segmenter
subjects          prompts -> soft masks
subject           one thing to cut out
cascade/          in doubt: a second look, another way, and the best is kept
finishing         soft mask -> alpha -> edits -> clean colours
cut_out           the verb that does all of it; `cut_out_each` gives one cut-out per object
find_detections   the verb that stops at the boxes of words
refine_mask       the verb that begins with a mask
"""
