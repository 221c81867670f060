"""The `result` room: the answer, and what you can make of it.

cutout        `Cutout`, and `FoundObject` for each of its objects
detections    `Detections`: boxes of words
as_json       the one writer of JSON for results
background    colours and pictures behind a cut-out
annotation    boxes and labels drawn on a picture
preview       a cut-out on a checkerboard beside its picture
"""
