"""Opens an ONNX model on the best engine that this machine has."""
