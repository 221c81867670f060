"""Grounding DINO from its publisher's checkpoints, by the `groundingdino` package (extra `[groundingdino]`).

Paper: Liu et al., "Grounding DINO: Marrying DINO with Grounded Pre-Training for Open-Set Object Detection", ECCV 2024.
Logits and boxes equal those of the package's own `load_model` and `load_image` (tests/core/detection).
"""

from __future__ import annotations

import builtins
import warnings
from importlib import import_module
from pathlib import Path
from types import FunctionType, MethodType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from cutsmith.detection.grounding_dino.borrowed_globals import replaced
from cutsmith.detection.grounding_dino.checkpoint_sizes import CheckpointSizes, checkpoint_sizes
from cutsmith.detection.grounding_dino.sentence_bert import sentence_bert
from cutsmith.detection.grounding_dino.vocabulary import bert_tokenizer
from cutsmith.detection.image_tensor import ImageSpec
from cutsmith.engines.checkpoint import fit_checkpoint, read_checkpoint
from cutsmith.engines.quiet_transformers import quiet_transformers
from cutsmith.engines.torch_device import require_packages
from cutsmith.errors import ModelUnusable
from cutsmith.protocols import GROUNDING_DINO_THRESHOLDS

if TYPE_CHECKING:
    import torch

# groundingdino/util/inference.py, load_image; 2 is Pillow's bilinear.
IMAGE_SPEC = ImageSpec(800, 1333, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), 2, round_before_scaling=True)
# The package, and what it imports.
_PACKAGES = (
    *("torch", "torchvision", "transformers", "groundingdino"),
    *("timm", "addict", "yapf", "pycocotools", "matplotlib"),
)
# Official checkpoints hold these from training and from older transformers, and no network uses them.
_SUPERFLUOUS = ("label_enc.", "bert.embeddings.position_ids")


class GroundingDinoNetwork:
    """The package's network, fed as `cutsmith.detection.detector.Network` says."""

    image_spec = IMAGE_SPEC

    def __init__(self, module: Any) -> None:
        """Wrap a built `GroundingDINO`."""
        self.module = module
        self.thresholds = GROUNDING_DINO_THRESHOLDS
        self.max_tokens = min(int(module.max_text_len), int(module.bert.config.max_position_embeddings))

    def count_tokens(self, text: str) -> int:
        """How many tokens `text` has, [CLS] and [SEP] not counted."""
        return len(self.module.tokenizer.tokenize(text))

    def forward(self, pixels: torch.Tensor, text: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (N, 256) and boxes (N, 4) for one picture, float32 (1, 3, h, w)."""
        outputs = self.module(pixels, captions=[text])
        return outputs["pred_logits"][0], outputs["pred_boxes"][0]


def open_grounding_dino(checkpoint: Path, vocabulary: Path) -> GroundingDinoNetwork:
    """The network of an official `checkpoint`, on the processor, ready to run.

    Args:
        checkpoint: `{"model": tensors}`; Swin-T or Swin-B and all other sizes are read from the tensors.
        vocabulary: bert-base-uncased's vocab.txt, or the one that the checkpoint was trained with.

    Raises:
        ExtraMissing: the part [groundingdino] is not installed.
        WeightsMissing: there is no such vocabulary.
        WeightsDamaged: the checkpoint is truncated or corrupt.
        ModelUnusable: the checkpoint is a pickle that wants to run code, or is not a Grounding DINO; or the vocabulary
            is another's.
    """
    require_packages("groundingdino", *_PACKAGES)
    tensors = read_checkpoint(checkpoint)
    sizes = checkpoint_sizes(tensors, checkpoint)
    tokenizer = bert_tokenizer(vocabulary, sizes.bert["vocab_size"])
    try:
        module = build_network(sizes, tokenizer)
    # The package and its parts raise these for sizes that do not go together, by which part notices.
    except (AssertionError, ValueError, RuntimeError, IndexError, ZeroDivisionError) as error:
        raise ModelUnusable(
            f"{checkpoint} does not hold a Grounding DINO that can be built: {error}.", "Fetch or copy it again."
        ) from error
    fit_checkpoint(module, tensors, path=checkpoint, kind=sizes.name, superfluous=_SUPERFLUOUS)
    return GroundingDinoNetwork(module)


def build_network(sizes: CheckpointSizes, tokenizer: Any) -> Any:
    """The package's `GroundingDINO` of `sizes` with random weights, for inference; `tokenizer` is its text's.

    The package would fetch tokenizer and text encoder from the internet, print, and fail on transformers 5, and it
    knows five sizes of Swin by name: while it builds, it is given the text's parts (see `sentence_bert`) and the Swin's
    sizes.
    """
    _expect_known_warnings()
    source = import_module("groundingdino.models.GroundingDINO.groundingdino")
    backbone = import_module("groundingdino.models.GroundingDINO.backbone.backbone")
    swin = import_module("groundingdino.models.GroundingDINO.backbone.swin_transformer").SwinTransformer
    getters = import_module("groundingdino.util.get_tokenlizer")
    with (
        quiet_transformers(),
        replaced(backbone, build_swin_transformer=lambda _name, **settings: swin(**{**settings, **sizes.swin})),
        replaced(
            getters,
            get_tokenlizer=lambda _name: tokenizer,
            get_pretrained_language_model=lambda _name: sentence_bert(sizes.bert),
        ),
        replaced(source, BertModelWarper=lambda bert_model: bert_model),
    ):
        module = source.build_groundingdino(SimpleNamespace(**{**_published_settings(), **sizes.detector}))
    module.eval().requires_grad_(False)
    _never_print(module.transformer.decoder)
    return module


def _published_settings() -> dict[str, Any]:
    """The settings in the package's file for Swin-T; its file for Swin-B differs only in the name of the backbone."""
    found = vars(import_module("groundingdino.config.GroundingDINO_SwinT_OGC"))
    settings = {name: value for name, value in found.items() if not name.startswith("_")}
    # These save memory in training by computing twice; without gradients they only cause warnings.
    return {**settings, "use_checkpoint": False, "use_transformer_ckpt": False}


def _never_print(decoder: Any) -> None:
    """Give this decoder a `forward` that does not print when its values are NaN; the detector reports that."""
    forward = type(decoder).forward
    names = {**forward.__globals__, builtins.print.__name__: lambda *_words: None}
    quiet = FunctionType(forward.__code__, names, forward.__name__, forward.__defaults__, forward.__closure__)
    quiet.__kwdefaults__ = forward.__kwdefaults__
    decoder.forward = MethodType(quiet, decoder)


def _expect_known_warnings() -> None:
    """Ignore the warnings that the package causes at every start, by their exact words."""
    for message in (r"torch\.meshgrid: in an upcoming release", r"`torch\.cuda\.amp\.autocast\(args\.\.\.\)`"):
        warnings.filterwarnings("ignore", message=message)
    # Of the timm layers that Swin imports, and of a compiled part that is not needed.
    warnings.filterwarnings("ignore", message=r"Importing from timm\.models\.layers is deprecated")
