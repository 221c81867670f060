"""The `segmentation` room: picture and prompt -> soft mask of what the prompt points at.

The modules, in the order of the way:

    selection_prompt    a rough selection -> a prompt
    prompts             prompts checked against the picture
    loading             what the option `segmenter` says -> a segmenter; a row of `SEGMENTERS` for each kind of network
        checkpoint          what a segmenter is opened from, and what it is then
        sam2_loading        a checkpoint of SAM 2 -> the segmenter
        sam2_config         which of SAM 2's networks a checkpoint is for
        finetuned           how a checkpoint of one's own was tuned, and which of them are on this machine
        sidecar             reads the file beside a checkpoint that says so
    sam2                SAM 2 itself: a box, clicks or a rough mask -> the object's mask
    subject_in_box      the stand-in for SAM 2: a removal model on the crop of a box
"""
