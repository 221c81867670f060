"""What is compared: ways to cut out, each a name and the options that make it up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Literal, NamedTuple

SAM2 = "sam2.1-hiera-small"


class Peer(NamedTuple):
    """Another program: what the tables call it, its network, and whether it runs its own alpha matting."""

    title: str
    network: Literal["u2net", "isnet"]
    with_matting: bool


PEERS: Mapping[str, Peer] = {
    "rembg": Peer("rembg (U2-Net)", "u2net", with_matting=False),
    "rembg-matting": Peer("rembg (U2-Net), its own alpha matting", "u2net", with_matting=True),
    "rembg-isnet": Peer("rembg (IS-Net)", "isnet", with_matting=False),
    "rembg-isnet-matting": Peer("rembg (IS-Net), its own alpha matting", "isnet", with_matting=True),
}
"""By the name that the command line knows."""


@dataclass(frozen=True)
class Configuration:
    """One row of the comparison.

    Attributes:
        name: what the tables call it.
        options: keywords of `cut_out`.
        box_of_truth: whether the box of the true subject is the prompt, which a user would have to draw.
        peer: the other program that is run instead of Cutsmith, or "".
    """

    name: str
    options: Mapping[str, object] = field(default_factory=dict)
    box_of_truth: bool = False
    peer: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it takes one look, does no matting and has no prompt: the natural baseline."""
        plain = self.options.get("matting") == "none" and self.options.get("looks", "1") == "1"
        return plain and not self.peer and not self.box_of_truth


def crossed(values: Mapping[str, Sequence[object]], segmenters: Sequence[str] = ()) -> list[Configuration]:
    """Every combination of the options' `values`, then of the segmenters, with the truth's box, and the mattings."""
    given = {name: chosen for name, chosen in values.items() if chosen}
    made = [_named(dict(zip(given, each, strict=True))) for each in product(*given.values())]
    mattings = values.get("matting") or ("none",)
    made += [_with_box(segmenter, str(matting)) for segmenter in segmenters for matting in mattings]
    return made


def peer_configuration(peer: str) -> Configuration:
    """The row of another program; `peer` is a name in `PEERS`."""
    return Configuration(PEERS[peer].title, peer=peer)


def comparison() -> list[Configuration]:
    """The list that the documentation compares: U2-Net, IS-Net, SAM 2, SAM 2 with matting, BiMatting, rembg itself."""
    removers = [
        _with_a_plain_baseline("REMBG U2-Net", {"model": "u2net", "matting": "none"}),
        _with_a_plain_baseline("REMBG IS-Net", {"matting": "none"}),
    ]
    segmenters = [_with_box(SAM2, "none"), _with_box(SAM2, "auto")]
    bimatting = _with_a_plain_baseline("IS-Net + BiMatting", {"matting": "bimatting"})
    return [*removers, *segmenters, bimatting, *map(peer_configuration, PEERS)]


def _named(options: dict[str, object]) -> Configuration:
    words = [str(options.get("model", "IS-Net"))]
    words += [f"looks {options['looks']}"] if "looks" in options else []
    words += [f"matting {options['matting']}"] if "matting" in options else []
    return _with_a_plain_baseline(", ".join(words), options)


def _with_box(segmenter: str, matting: str) -> Configuration:
    name = f"{segmenter}, box of the truth, matting {matting}"
    return Configuration(name, {"segmenter": segmenter, "matting": matting}, box_of_truth=True)


def _with_a_plain_baseline(name: str, options: dict[str, object]) -> Configuration:
    """Without matting it takes one look, unless the options say otherwise: the baseline is the raw mask."""
    looks = {"looks": "1"} if options.get("matting") == "none" else {}
    return Configuration(name, {**looks, **options})
