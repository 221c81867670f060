"""Grounding DINO from a folder in the hub's format, by transformers' own class (extra `[text]`).

These are the same networks as the publisher's checkpoints, with other names of tensors:
IDEA-Research/grounding-dino-tiny is Swin-T, -base is Swin-B. torchvision is not needed. Nothing is fetched, and weights
are read from safetensors alone.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cutsmith.detection.hub_preprocessing import read_image_spec, read_settings
from cutsmith.engines.pretrained import from_folder, opening_folder
from cutsmith.engines.torch_device import require_packages
from cutsmith.errors import ModelUnusable, WeightsDamaged
from cutsmith.machine.files import is_file, is_folder

if TYPE_CHECKING:
    import torch

    from cutsmith.detection.image_tensor import ImageSpec

_MODEL_TYPE = "grounding-dino"
# Each of these, by one of its names.
_NEEDED = (
    ("config.json",),
    ("model.safetensors", "model.safetensors.index.json"),
    ("preprocessor_config.json",),
    ("vocab.txt", "tokenizer.json"),
)
_WANTED = (
    "Take a folder with safetensors, as save_pretrained writes it, such as that of IDEA-Research/grounding-dino-tiny."
)
_SHOWN_TENSORS = 3
# transformers' network knows the tokens that close a phrase only by these numbers, which are bert-base-uncased's.
_CLOSING = {"[CLS]": 101, "[SEP]": 102, ".": 1012, "?": 1029}


class TransformersDinoNetwork:
    """transformers' network, fed as `cutsmith.detection.detector.Network` says."""

    def __init__(self, module: Any, tokenizer: Any, image_spec: ImageSpec) -> None:
        """Wrap a loaded model with its tokenizer, and how it is shown a picture."""
        self.module = module
        self.image_spec = image_spec
        self.max_tokens = min(module.config.max_text_len, module.config.text_config.max_position_embeddings)
        self._tokenizer = tokenizer

    def count_tokens(self, text: str) -> int:
        """How many tokens `text` has, [CLS] and [SEP] not counted."""
        return len(self._tokenizer.tokenize(text))

    def forward(self, pixels: torch.Tensor, text: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (N, T) and boxes (N, 4) for one picture, float32 (1, 3, h, w)."""
        tokens = self._tokenizer(text, return_token_type_ids=True, return_tensors="pt").to(pixels.device)
        outputs = self.module(pixel_values=pixels, **tokens)
        return outputs.logits[0], outputs.pred_boxes[0]


def open_transformers_dino(folder: Path) -> TransformersDinoNetwork:
    """The network in `folder`, on the processor, ready to run.

    Raises:
        ExtraMissing: the part [text] is not installed.
        WeightsDamaged: a file of weights is truncated or corrupt.
        ModelUnusable: files are missing, the architecture is another, or tensors are missing or unexpected.
    """
    require_packages("text", "torch", "transformers")
    _require_files(folder)
    _require_architecture(folder)
    image_spec = read_image_spec(folder / "preprocessor_config.json")
    _require_whole_weights(folder)
    from transformers import BertTokenizerFast, GroundingDinoForObjectDetection

    with opening_folder(folder, _WANTED):
        tokenizer = BertTokenizerFast.from_pretrained(folder, local_files_only=True)
        module, loading = from_folder(GroundingDinoForObjectDetection, folder)
    _require_fit(folder, loading)
    _require_vocabulary(folder, tokenizer, module)
    return TransformersDinoNetwork(module.eval().requires_grad_(False), tokenizer, image_spec)


def _require_files(folder: Path) -> None:
    if not is_folder(folder):
        raise ModelUnusable(f"{folder} is not a folder.", _WANTED)
    missing = [" or ".join(names) for names in _NEEDED if not any(is_file(folder / name) for name in names)]
    if missing:
        pickled = " Its pytorch_model.bin is not read." if is_file(folder / "pytorch_model.bin") else ""
        raise ModelUnusable(f"{folder} is missing {', '.join(missing)}.{pickled}", _WANTED)


def _require_architecture(folder: Path) -> None:
    path = folder / "config.json"
    config = read_settings(path)
    found = config.get("model_type")
    if found != _MODEL_TYPE:
        raise ModelUnusable(
            f"{path} names another architecture: model_type must be {_MODEL_TYPE!r}, but got {found!r}.", _WANTED
        )


def _require_whole_weights(folder: Path) -> None:
    """Open every file of weights once, so that truncated and foreign ones are reported by their names."""
    from safetensors import SafetensorError, safe_open

    index = folder / "model.safetensors.index.json"
    names = ["model.safetensors"]
    if not is_file(folder / names[0]):
        names = sorted({str(name) for name in dict(read_settings(index).get("weight_map", {})).values()})
    for path in (folder / name for name in names):
        try:
            with safe_open(path, framework="pt"):
                continue
        except (SafetensorError, OSError) as error:
            size = f"{path.stat().st_size:,} bytes, " if is_file(path) else ""
            raise WeightsDamaged(
                f"{path} is not a complete safetensors file: {size}{error}.", "Fetch or copy it again."
            ) from error


def _require_fit(folder: Path, loading: dict[str, Any]) -> None:
    # transformers 4 gives only their names.
    misshapen = [
        each if isinstance(each, str) else f"{each[0]} {tuple(each[1])} for {tuple(each[2])}"
        for each in sorted(loading["mismatched_keys"])
    ]
    complaints = [
        _listed(names, what)
        for what, names in (
            ("missing", sorted(loading["missing_keys"])),
            ("unexpected", sorted(loading["unexpected_keys"])),
            ("of another shape", misshapen),
        )
        if names
    ]
    if complaints:
        raise ModelUnusable(f"The weights in {folder} do not fit its config.json: {'; '.join(complaints)}.", _WANTED)


def _listed(names: Collection[str], what: str) -> str:
    shown = ", ".join(list(names)[:_SHOWN_TENSORS])
    return f"{len(names)} {what} ({shown}{', ...' if len(names) > _SHOWN_TENSORS else ''})"


def _require_vocabulary(folder: Path, tokenizer: Any, module: Any) -> None:
    known = module.config.text_config.vocab_size
    if len(tokenizer) > known or tokenizer.convert_tokens_to_ids(list(_CLOSING)) != list(_CLOSING.values()):
        raise ModelUnusable(
            f"The vocabulary in {folder}, of {len(tokenizer):,} tokens, is not that of the network, which knows "
            f"{known:,}.",
            "Take the vocabulary of bert-base-uncased, as vocab.txt or tokenizer.json.",
        )
