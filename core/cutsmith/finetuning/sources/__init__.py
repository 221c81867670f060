"""Where examples come from; each module reads one kind of source into a `gathering.Gathering`.

folders        a folder of pictures, and one of masks with the same names
coco           the annotations of COCO: polygons and run lengths
batches        the results of a batch that a reviewer accepted or corrected
kept_pictures  what the service kept of /v1.0/improve, with masks drawn since
"""
