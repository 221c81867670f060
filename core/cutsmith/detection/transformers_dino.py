"""Grounding DINO and its kin from a folder in the hub's format, by transformers' own classes (extra `[text]`).

IDEA-Research/grounding-dino-tiny (Swin-T) and -base (Swin-B) are the same networks as the publisher's checkpoints, with
other names of tensors. MM-Grounding-DINO and LLMDet have a class of their own, which transformers has since 4.56; the
folder's config.json says which class reads it. torchvision is not needed. Nothing is fetched, and weights
are read from safetensors alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from cutsmith.cures import install_packages
from cutsmith.detection.hub_preprocessing import read_image_spec, read_settings
from cutsmith.engines.pretrained import from_folder, opening_folder
from cutsmith.engines.torch_device import require_packages
from cutsmith.errors import ModelUnusable, WeightsDamaged
from cutsmith.machine.files import is_file, is_folder
from cutsmith.protocols import GROUNDING_DINO_THRESHOLDS, Thresholds

if TYPE_CHECKING:
    import torch

    from cutsmith.detection.image_tensor import ImageSpec


class Architecture(NamedTuple):
    """A class of transformers, and the thresholds in its publishers' own examples."""

    name: str
    thresholds: Thresholds


ARCHITECTURES: Mapping[str, Architecture] = MappingProxyType(
    {
        "grounding-dino": Architecture("GroundingDinoForObjectDetection", GROUNDING_DINO_THRESHOLDS),
        # Also LLMDet's; the cards of both take 0.4 for boxes, and leave words to transformers, which takes 0.25.
        "mm-grounding-dino": Architecture("MMGroundingDinoForObjectDetection", Thresholds(0.40, 0.25)),
    }
)
"""Each architecture by the `model_type` of its config.json."""

# Each of these, by one of its names.
_NEEDED = (
    ("config.json",),
    ("model.safetensors", "model.safetensors.index.json"),
    ("preprocessor_config.json",),
    ("vocab.txt", "tokenizer.json"),
)
_WANTED = (
    "Take a folder with safetensors, as save_pretrained writes it, such as that of IDEA-Research/grounding-dino-tiny "
    "or iSEE-Laboratory/llmdet_tiny."
)
_SHOWN_TENSORS = 3
# transformers' network knows the tokens that close a phrase only by these numbers, which are bert-base-uncased's.
_CLOSING = {"[CLS]": 101, "[SEP]": 102, ".": 1012, "?": 1029}


class TransformersDinoNetwork:
    """transformers' network, fed as `cutsmith.detection.detector.Network` says."""

    def __init__(self, module: Any, tokenizer: Any, image_spec: ImageSpec, thresholds: Thresholds) -> None:
        """Wrap a loaded model with its tokenizer, how it is shown a picture, and its own thresholds."""
        self.module = module
        self.image_spec = image_spec
        self.thresholds = thresholds
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
    architecture = _architecture(folder)
    image_spec = read_image_spec(folder / "preprocessor_config.json")
    _require_whole_weights(folder)
    import transformers

    model_class = getattr(transformers, architecture.name, None)
    if model_class is None:
        raise ModelUnusable(
            f"{folder} needs transformers 4.56 or newer, which has {architecture.name}, but {transformers.__version__} "
            "is installed.",
            install_packages("transformers>=4.56"),
        )
    with opening_folder(folder, _WANTED):
        tokenizer = transformers.BertTokenizerFast.from_pretrained(folder, local_files_only=True)
        module, loading = from_folder(model_class, folder)
    _require_fit(folder, loading)
    _require_vocabulary(folder, tokenizer, module)
    return TransformersDinoNetwork(module.eval().requires_grad_(False), tokenizer, image_spec, architecture.thresholds)


def _require_files(folder: Path) -> None:
    if not is_folder(folder):
        raise ModelUnusable(f"{folder} is not a folder.", _WANTED)
    missing = [" or ".join(names) for names in _NEEDED if not any(is_file(folder / name) for name in names)]
    if missing:
        pickled = " Its pytorch_model.bin is not read." if is_file(folder / "pytorch_model.bin") else ""
        raise ModelUnusable(f"{folder} is missing {', '.join(missing)}.{pickled}", _WANTED)


def _architecture(folder: Path) -> Architecture:
    path = folder / "config.json"
    found = read_settings(path).get("model_type")
    architecture = ARCHITECTURES.get(found) if isinstance(found, str) else None
    if architecture is None:
        known = " or ".join(map(repr, ARCHITECTURES))
        raise ModelUnusable(
            f"{path} names another architecture: model_type must be {known}, but got {found!r}.", _WANTED
        )
    return architecture


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
