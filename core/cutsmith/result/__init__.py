"""The `result` room: the answer, and what can be made of it.

cutout        `Cutout`, and `FoundObject`, one object of it
detections    `Detections`: boxes of words
as_json       the one writer of JSON for results
background    what is laid behind a cut-out
annotation    boxes and labels drawn into a picture
preview       a cut-out on a checkerboard beside its picture
"""
