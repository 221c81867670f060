"""ONNX graphs as PyTorch modules, so that a host may run them on its own device and in its own precision.

file_format   the graph in an ONNX file: nodes, attributes and tensors
operators     what each operator of the U2-Net and IS-Net families computes, in PyTorch
network       a graph -> a module
"""
