"""SAM 2: a box, clicks or a rough mask -> the mask of one object.

Paper: Ravi et al., "SAM 2: Segment Anything in Images and Videos", 2024. The network is that of the `sam2` package; how
pictures and prompts are brought to it follows its SAM2ImagePredictor, whose logits it equals (tests/core/segmentation).
"""

from __future__ import annotations

import hashlib
import weakref
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.cures import set_option
from cutsmith.engines.torch_device import inference, memory_guard
from cutsmith.segmentation.prompts import checked_prompts
from cutsmith.segmentation.sam2_embedding import Embedding, encoded

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from cutsmith.protocols import Prompt, Watch

TOP_LEFT, BOTTOM_RIGHT = 2, 3
"""Labels by which SAM 2 knows the corners of a box among the points."""

MASK_SCALE, MASK_BIAS = 20.0, -10.0
"""A rough mask p becomes the logits 20 p - 10, as SAM 2 itself writes masks that it is given."""

# Logits between which a mask's stability is measured, as SAM's automatic mask generator does.
_STABILITY_OFFSET = 1.0
# Prompts in one pass of the mask decoder: about 20 MB each at the official size.
_PROMPTS_A_PASS = 16
# Pictures whose embeddings are kept unless the caller says otherwise: 16 MB each at the official size.
_KEPT_EMBEDDINGS = 2
SMALLER = set_option("segmenter", "sam2.1-hiera-tiny", text="Or use the smallest network")


@dataclass(frozen=True, eq=False)
class Sam2Segment:
    """The mask of one prompt's object (see `cutsmith.protocols.Segment`).

    Attributes:
        low_resolution_logits: float32 (h, w), the network's own map, a quarter of its input's size.
        width, height: of the picture, in pixels.
        predicted_iou: the network's estimate of the mask's IoU with the object; it may lie a little outside [0, 1].
        stability: in [0, 1], IoU of the masks at the logits +1 and -1.
    """

    low_resolution_logits: NDArray[np.float32]
    width: int
    height: int
    predicted_iou: float
    stability: float

    def logits(self, size: tuple[int, int] | None = None) -> NDArray[np.float32]:
        """The logits at `size`, (width, height), without one at the picture's, bilinear: float32 (H, W)."""
        import cv2

        wanted = size or (self.width, self.height)
        resized = cv2.resize(self.low_resolution_logits, wanted, interpolation=cv2.INTER_LINEAR)
        return np.asarray(resized, np.float32)

    def soft_mask(self) -> NDArray[np.float32]:
        """The probability that each pixel is of the object, the sigmoid of the logits: float32 (H, W) in [0, 1]."""
        from scipy.special import expit

        return np.asarray(expit(self.logits()), np.float32)

    def shown_mask(self, width: int, height: int) -> NDArray[np.float32]:
        """The soft mask at a screen's size, straight from the network's own map: float32 (height, width) in [0, 1]."""
        from scipy.special import expit

        return np.asarray(expit(self.logits((width, height))), np.float32)

    def uncut(self) -> None:
        """None: SAM 2's masks are not cut off at the prompt's box."""


class Sam2Segmenter:
    """Picture and prompts -> soft masks (see `cutsmith.protocols.Segmenter`).

    How one of SAM 2's masks is chosen: a single click is ambiguous (a button, a shirt, a person?), so the network is
    asked for its three masks, and the one with the highest predicted IoU is taken. A box, a rough mask or several
    points say more: the network's single mask is taken or, where that is unstable (below 0.98 between the logits
    +-0.05), the best of its three. The second half is SAM 2's own rule.

    A picture is encoded once: the next prompt on the same pixels finds its embedding.
    """

    takes_points = True

    def __init__(self, name: str, network: torch.nn.Module, weights: str) -> None:
        """Wrap a network of the `sam2` package.

        Args:
            name: as the option `segmenter` takes it.
            network: a `sam2.modeling.sam2_base.SAM2Base` in evaluation mode, on the device where it is to run.
            weights: what identifies the file, for provenance.
        """
        self.name = name
        self._network: Any = network
        self._weights = weights
        self._embeddings: OrderedDict[bytes, Embedding] = OrderedDict()
        self._kept_embeddings = _KEPT_EMBEDDINGS
        self._last_key: tuple[weakref.ref[NDArray[np.uint8]], bytes] | None = None
        self._lock = Lock()

    @property
    def module(self) -> torch.nn.Module:
        """The network itself: a host may move it to another device, and it runs where it is."""
        network: torch.nn.Module = self._network
        return network

    @property
    def device(self) -> torch.device:
        """Where the network is now."""
        device: torch.device = next(self._network.parameters()).device
        return device

    def provenance(self) -> Mapping[str, str]:
        """Model, weights and device."""
        return {"segmenter": self.name, "segmenter_weights": self._weights, "segmenter_device": str(self.device)}

    def keep_pictures(self, count: int) -> None:
        """Keep what further prompts need of this many pictures, those used last: 16 MB each at the official size."""
        self._kept_embeddings = count

    def forget_pictures(self) -> None:
        """Free the embeddings that are kept for further prompts."""
        with self._lock:
            self._embeddings.clear()

    def segment(
        self, image: NDArray[np.uint8], prompts: Sequence[Prompt], watch: Watch | None = None
    ) -> list[Sam2Segment]:
        """A segment for each prompt, in the prompts' order; prompts of one form share a pass of the mask decoder.

        Args:
            image: uint8 (H, W, 3) sRGB.
            prompts: what points at each object, in pixels of `image`.
            watch: may end the work between two passes.

        Raises:
            BadBox, BadPoint, BadArray, BadOption: a prompt is wrong (see `prompts.checked_prompts`).
            DeviceOutOfMemory: the device has too little memory.
        """
        height, width = image.shape[:2]
        checked = checked_prompts(prompts, width, height)
        if not checked:
            return []
        segments: dict[int, Sam2Segment] = {}
        with memory_guard(self.name, self.device, SMALLER), inference(self.device):
            embedding = self._embedding(image)
            for numbers in _passes(checked):
                if watch is not None:
                    watch.check()
                together = [checked[number] for number in numbers]
                logits, ious = self._decode(embedding, together, width, height)
                for number, mask, iou in zip(numbers, logits, ious, strict=True):
                    segments[number] = Sam2Segment(mask, width, height, float(iou), _stability(mask))
        return [segments[number] for number in range(len(checked))]

    def _embedding(self, image: NDArray[np.uint8]) -> Embedding:
        pixels = np.ascontiguousarray(image)
        key = self._key(pixels)
        with self._lock:
            known = self._embeddings.pop(key, None)
        embedding = self._encode(pixels) if known is None else Embedding(*(each.to(self.device) for each in known))
        with self._lock:
            self._embeddings[key] = embedding
            while len(self._embeddings) > self._kept_embeddings:
                self._embeddings.popitem(last=False)
        return embedding

    def _key(self, pixels: NDArray[np.uint8]) -> bytes:
        """What names these pixels. An array that nobody can write into is read once: that takes longer than a click."""
        last = self._last_key
        if last is not None and last[0]() is pixels:
            return last[1]
        key = hashlib.blake2b(pixels.data, key=str(pixels.shape).encode(), digest_size=16).digest()
        self._last_key = (weakref.ref(pixels), key) if pixels.base is None and not pixels.flags.writeable else None
        return key

    def _encode(self, pixels: NDArray[np.uint8]) -> Embedding:
        return encoded(self._network, [pixels])

    def _decode(
        self, embedding: Embedding, prompts: Sequence[Prompt], width: int, height: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Logits (N, h, w) and predicted IoUs (N,) for N prompts of one form."""
        encoder, decoder = self._network.sam_prompt_encoder, self._network.sam_mask_decoder
        sparse, dense = encoder(
            points=self._points(prompts, width, height), boxes=None, masks=self._rough_masks(prompts)
        )
        logits, ious, _, _ = decoder(
            image_embeddings=embedding.coarse,
            image_pe=embedding.positions,
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=_is_ambiguous(prompts[0]),
            repeat_image=True,
            high_res_features=[embedding.fine, embedding.middle],
        )
        best = ious.argmax(dim=1, keepdim=True)
        chosen = logits.take_along_dim(best[..., None, None], dim=1)[:, 0]
        return chosen.float().cpu().numpy(), ious.take_along_dim(best, dim=1)[:, 0].float().cpu().numpy()

    def _points(self, prompts: Sequence[Prompt], width: int, height: int) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Corners of boxes and clicks: coordinates (N, P, 2) in pixels of the network's input, and labels (N, P)."""
        import torch

        coordinates, labels = [], []
        for prompt in prompts:
            x0, y0, x1, y1 = prompt.box or (0.0, 0.0, 0.0, 0.0)
            corners = [] if prompt.box is None else [(x0, y0, TOP_LEFT), (x1, y1, BOTTOM_RIGHT)]
            points = [*corners, *prompt.points]
            coordinates.append([(x, y) for x, y, _ in points])
            labels.append([label for _, _, label in points])
        if not labels[0]:
            return None
        scale = torch.tensor([width, height], dtype=torch.float32, device=self.device)
        shares = torch.tensor(coordinates, dtype=torch.float32, device=self.device) / scale
        return shares * self._network.image_size, torch.tensor(labels, dtype=torch.int, device=self.device)

    def _rough_masks(self, prompts: Sequence[Prompt]) -> torch.Tensor | None:
        """Rough masks as logits (N, 1, h, w) at the size that the prompt encoder takes."""
        import torch
        from torch.nn import functional

        masks = [prompt.mask for prompt in prompts if prompt.mask is not None]
        if not masks:
            return None
        whole = torch.from_numpy(np.stack(masks))[:, None].to(self.device)
        size = self._network.sam_prompt_encoder.mask_input_size
        resized = functional.interpolate(whole, size, mode="bilinear", align_corners=False, antialias=True)
        return resized * MASK_SCALE + MASK_BIAS


def _is_ambiguous(prompt: Prompt) -> bool:
    return prompt.box is None and prompt.mask is None and len(prompt.points) == 1


def _passes(prompts: Sequence[Prompt]) -> list[list[int]]:
    """The indices of the prompts that share a pass: of one form, and at most `_PROMPTS_A_PASS`."""
    forms: dict[tuple[bool, int, bool], list[int]] = {}
    for number, prompt in enumerate(prompts):
        form = (prompt.box is not None, len(prompt.points), prompt.mask is not None)
        forms.setdefault(form, []).append(number)
    return [
        numbers[start : start + _PROMPTS_A_PASS]
        for numbers in forms.values()
        for start in range(0, len(numbers), _PROMPTS_A_PASS)
    ]


def _stability(logits: NDArray[np.float32]) -> float:
    """IoU of the masks at the two thresholds; 1 for an empty one, which no threshold changes."""
    inner, outer = (np.count_nonzero(logits > offset) for offset in (_STABILITY_OFFSET, -_STABILITY_OFFSET))
    return inner / outer if outer else 1.0
