"""The `engines` room: what runs models, ONNX files as well as PyTorch networks.

The modules, in the order of the way. For ONNX models:

    presence             which engines are installed, found without importing them
    choice               what was asked for, and what is there -> the engines to try, best first
    opening              the first of them that takes the model
        openvino_engine      on OpenVINO, kept compiled
        onnxruntime_engine   on onnxruntime, with or without an accelerator
        torch_engine         on PyTorch, where a host has a card; onnx_graph/ makes the module
    quiet_import         the engines imported without their telemetry
    model_faults         errors for models that an engine cannot run
    trial                whether an engine works here, on a network of one node

For PyTorch networks:

    torch_device         the device, its threads, and what happens when its memory is full
    pretrained           a folder that transformers has saved, for those that open one
    quiet_transformers   transformers without its reports on the terminal
    checkpoint           a publisher's checkpoint, read safely and fitted to a network
"""
