"""The `result` room: the answer, and what you can make of it.

cutout        `Cutout`, and `FoundObject`, one object of it
detections    `Detections`: the boxes that words found
as_json       the one writer of JSON for results
background    a colour, a picture or a blur behind a cut-out
compositing   a foreground laid over a background
annotation    boxes, labels and outlines drawn on a picture
canvas        a frame of its own for the subject, and what marketplaces want of it
preview       picture, mask and cut-out side by side
"""
