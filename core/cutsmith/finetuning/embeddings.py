"""What the trainer reads of a picture: its embedding, from the disk where it lies already, and its true masks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cutsmith.finetuning.embedding_cache import EmbeddingCache, rounded
from cutsmith.finetuning.measuring import read_picture
from cutsmith.finetuning.variants import varied, varied_mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.finetuning.examples import Example
    from cutsmith.segmentation.sam2_embedding import Embedding


class Sample(NamedTuple):
    """An object to point at.

    Attributes:
        truth: bool (S, S), its mask in the network's square; empty where nothing is to be found.
        others: bool (S, S), all objects of the picture.
    """

    truth: NDArray[np.bool_]
    others: NDArray[np.bool_]


class Embeddings:
    """The embeddings of pictures by a `SAM2Base`.

    Args:
        network: on the device where it runs.
        cache: where embeddings lie; None computes each anew whenever it is asked for, with gradients where the encoder
            is trained.
    """

    def __init__(self, network: Any, cache: EmbeddingCache | None) -> None:
        self._network = network
        self._cache = cache

    def prepare(
        self, examples: Sequence[Example], variants: Sequence[str], on_picture: Callable[[], None] = lambda: None
    ) -> None:
        """Compute what is not on the disk yet. An interrupted call goes on where it was.

        Raises:
            OutputRefused: the disk is full.
            PictureError: a picture cannot be read.
        """
        for example in examples:
            for variant in variants:
                if self._cache is not None and not self._cache.has(example.sha256, variant):
                    self._cache.put(example.sha256, variant, self._computed(example, variant))
                on_picture()

    def of(self, wanted: Sequence[tuple[Example, str]]) -> Embedding:
        """The embeddings of several pictures, each with its variant, as one."""
        import torch

        from cutsmith.segmentation.sam2_embedding import Embedding, encoded

        if self._cache is None:
            return encoded(self._network, [_image(example, variant) for example, variant in wanted])
        found = []
        for example, variant in wanted:
            tensors = self._cache.get(example.sha256, variant)
            # Rounded as on the disk: a run is the same whether or not there was room.
            found.append(tensors or {name: rounded(t).float() for name, t in self._computed(example, variant).items()})
        device = next(self._network.parameters()).device
        coarse, middle, fine = (
            torch.cat([tensors[name] for tensors in found]).to(device) for name in Embedding._fields[:3]
        )
        return Embedding(coarse, middle, fine, self._network.sam_prompt_encoder.get_dense_pe())

    def _computed(self, example: Example, variant: str) -> dict[str, Any]:
        from cutsmith.engines.torch_device import inference
        from cutsmith.segmentation.sam2_embedding import Embedding, encoded

        image = _image(example, variant)
        with inference(next(self._network.parameters()).device):
            embedding = encoded(self._network, [image])
        return {name: getattr(embedding, name).float().cpu() for name in Embedding._fields[:3]}


class TrueMasks:
    """The true masks of pictures in a square of `side` pixels, as bits: a thousand of them take 33 MB at 512."""

    def __init__(self, side: int) -> None:
        self._side = side
        self._bits: dict[tuple[str, str], list[NDArray[np.uint8]]] = {}
        self._counts: dict[str, int] = {}

    def read(self, example: Example, variants: Sequence[str]) -> None:
        """Read the masks of `example` as these variants show them. Raises PictureError."""
        masks = [mask for mask in example.truth.masks() if mask.any()]
        self._counts[example.name] = len(masks)
        for variant in variants:
            squares = (_square(varied_mask(mask, variant), self._side) for mask in masks)
            self._bits[example.name, variant] = [np.packbits(square) for square in squares]

    def count(self, example: Example) -> int:
        """How many objects the picture has."""
        return self._counts[example.name]

    def sample(self, example: Example, variant: str, number: int | None) -> Sample:
        """The object `number` of the picture; with None, that nothing is to be found."""
        masks = [self._unpacked(bits) for bits in self._bits[example.name, variant]]
        nothing = np.zeros((self._side, self._side), bool)
        others = np.logical_or.reduce(masks) if masks else nothing
        return Sample(nothing if number is None else masks[number], others)

    def _unpacked(self, bits: NDArray[np.uint8]) -> NDArray[np.bool_]:
        return np.unpackbits(bits, count=self._side**2).reshape(self._side, self._side).astype(bool)


def _image(example: Example, variant: str) -> NDArray[np.uint8]:
    return varied(read_picture(example).for_models(), variant)


def _square(mask: NDArray[np.bool_], side: int) -> NDArray[np.bool_]:
    """The mask stretched to a square as pictures are; an object that would vanish keeps a pixel."""
    import cv2

    shares = cv2.resize(mask.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)
    square = shares >= 0.5
    if mask.any() and not square.any():
        square = shares == shares.max()
    return np.asarray(square)
