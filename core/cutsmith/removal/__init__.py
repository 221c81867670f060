"""The `removal` room: picture -> soft mask of its main subject.

Modules, from a name to a mask:

    loading          a name, an ONNX file or "rembg:NAME" -> a remover that is ready to run
    custom_model     how a user's own ONNX file is fed and read
    salient          U2-Net, IS-Net, BiRefNet and similar networks
    rembg_session    rembg's own sessions
"""
