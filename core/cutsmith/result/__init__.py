"""The `result` room: the answer, and what you can make of it.

cutout        `Cutout`, and `FoundObject`, one object of it
detections    `Detections`: the boxes that words found
as_json       the one writer of JSON for results
background    a colour, a picture or a blur behind a cut-out
annotation    boxes, labels and outlines drawn on a picture
preview       picture, mask and cut-out side by side
"""
