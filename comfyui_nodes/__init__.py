"""The ComfyUI node pack, thin: tensors in, the engine's calls, tensors out."""
