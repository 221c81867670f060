"""The `detection` room: picture and words -> boxes of what the words name.

The modules, in the order of the way:

    loading               what the option `detector` says -> a detector; a row of `LOADERS` for each format of weights
        grounding_dino/       networks from the publisher's checkpoints
        transformers_dino     networks from folders in the hub's format
            hub_preprocessing     how a folder says that its network is shown a picture
    detector              the detector around a network
        caption               phrases -> the text that the network reads
        image_tensor          picture -> the input of the network
    selection             what the network gives -> objects: thresholds, labels, and each object once
"""
