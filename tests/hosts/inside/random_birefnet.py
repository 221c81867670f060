"""Write random weights for ComfyUI's own BiRefNet: `random_birefnet.py TREE FILE`."""

from __future__ import annotations

import sys

tree, file = sys.argv[1:]
sys.argv = ["main.py", "--cpu"]
sys.path.insert(0, tree)
import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()
import comfy.ops  # noqa: E402
import torch  # noqa: E402
from comfy.background_removal.birefnet import BiRefNet  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

torch.manual_seed(5)
network = BiRefNet(None, torch.float16, torch.device("cpu"), comfy.ops.manual_cast)
weights = network.state_dict()
for name, tensor in weights.items():
    if not tensor.is_floating_point():
        continue
    if tensor.ndim > 1:
        # Each layer keeps the spread of its input.
        tensor.normal_(std=(tensor[0].numel()) ** -0.5)
    elif name.endswith(("weight", "running_var")):
        tensor.fill_(1)
    else:
        tensor.normal_(std=0.1)
save_file({name: tensor.contiguous() for name, tensor in weights.items()}, file)
