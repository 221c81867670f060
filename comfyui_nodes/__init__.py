"""The ComfyUI node pack, a thin layer: it converts tensors, calls the engine and converts the results back."""
