"""ViTMatte (J. Yao et al., Information Fusion 2024): a network that solves for the unknown pixels of a trimap.

matter          soft mask or trimap -> alpha, crop by crop
windows         crops of the network's size that overlap without a seam
loading         what the option `matting_model` says -> an open network
onnx_network    ViTMatte from an ONNX file, on OpenVINO or onnxruntime
torch_network   ViTMatte from a folder, by transformers
preprocessing   a crop and its trimap -> the network's input
"""
