"""A network that reads pictures and words, made a detector: `cutsmith.protocols.Detector`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from cutsmith.cures import advise, set_option
from cutsmith.detection.caption import write_caption
from cutsmith.detection.image_tensor import ImageSpec, image_tensor, without_extreme_ratio
from cutsmith.engines.torch_device import inference, memory_guard
from cutsmith.errors import ModelUnusable
from cutsmith.phrases import split_phrases
from cutsmith.protocols import Candidates, Thresholds

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

# What to try where memory is short. Every picture is shown at about 800 x 1333, so a smaller one saves nothing.
SMALLER = advise("Use a detector with the smaller network, Swin-T instead of Swin-B. A smaller picture does not help.")


class Network(Protocol):
    """A loaded network, and how it is fed."""

    @property
    def module(self) -> torch.nn.Module:
        """The PyTorch module."""

    @property
    def image_spec(self) -> ImageSpec:
        """How it is shown a picture."""

    @property
    def thresholds(self) -> Thresholds:
        """What its publisher takes as the least score of a box, and of a word."""

    @property
    def max_tokens(self) -> int:
        """How many tokens of text it reads, [CLS] and [SEP] counted."""

    def count_tokens(self, text: str) -> int:
        """How many tokens `text` has, [CLS] and [SEP] not counted."""

    def forward(self, pixels: torch.Tensor, text: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (N, T), -inf behind the text's end, and boxes (N, 4) as `Candidates` holds them, for one picture.

        `pixels` is float32 (1, 3, h, w) on the module's device.
        """


class GroundingDetector:
    """Picture and words -> boxes (see `cutsmith.protocols.Detector`)."""

    def __init__(self, name: str, network: Network, weights: str) -> None:
        """Wrap a `network` that is loaded.

        Args:
            name: as the option `detector` takes it, and as it stands in provenance.
            network: on whichever device; it is asked for at each call.
            weights: what identifies the file, for provenance.
        """
        self.name = name
        self._network = network
        self._weights = weights

    @property
    def module(self) -> torch.nn.Module:
        """The PyTorch module, which a host may move to another device between two calls."""
        return self._network.module

    @property
    def device(self) -> torch.device:
        """Where the module is now."""
        return next(self.module.parameters()).device

    def provenance(self) -> Mapping[str, str]:
        """Model, file and device, and the network's own thresholds, which hold where a request gives none."""
        return {
            "detector": self.name,
            "detector_weights": self._weights,
            "detector_device": str(self.device),
            **self._network.thresholds.provenance(),
        }

    def candidates(self, image: NDArray[np.uint8], phrases: str | Sequence[str]) -> Candidates:
        """What the network gives for `image`, uint8 (H, W, 3) sRGB, before thresholds and suppression.

        Raises:
            BadPhrases: there is nothing to look for, or it is not in the Latin script.
            DeviceOutOfMemory: the device has not enough memory left.
            ModelUnusable: the network gave NaN or infinite values.
        """
        import torch

        network, device = self._network, self.device
        caption = write_caption(split_phrases(phrases), network.count_tokens, network.max_tokens)
        shown = without_extreme_ratio(image)
        pixels = torch.from_numpy(image_tensor(shown, network.image_spec))
        with memory_guard(self.name, device, SMALLER), inference(device):
            outputs = network.forward(pixels.to(device), caption.text)
            logits, boxes = (output.float().cpu().numpy() for output in outputs)
        if np.isnan(logits).any() or not np.isfinite(boxes).all():
            raise ModelUnusable(
                f"{self.name} gave values that are not numbers on {device}: its weights are broken.",
                "Fetch its weights again.",
                *([] if device.type == "cpu" else [set_option("device", "cpu", text="Or run it on the processor")]),
            )
        height, width = image.shape[:2]
        # Shares of what was shown become shares of the picture.
        scale = np.array([shown.shape[1] / width, shown.shape[0] / height] * 2, np.float32)
        return Candidates(
            logits=logits,
            boxes=boxes * scale,
            phrases=caption.phrases,
            spans=caption.spans,
            width=width,
            height=height,
            warnings=caption.warnings,
            thresholds=network.thresholds,
        )
