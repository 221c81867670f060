"""What the tuned network has forgotten: photographs that it did not learn from, before and after.

Their true masks are not known. So both networks are asked for the same, and the IoU of their answers is the agreement:
where it is low, the tuned network sees something else than before, mostly for the worse.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from cutsmith.errors import BadOption, PictureError
from cutsmith.finetuning.measuring import iou
from cutsmith.geometry import Box
from cutsmith.machine.files import is_file, is_folder
from cutsmith.machine.folders import cache_folder
from cutsmith.picture import Picture
from cutsmith.protocols import Prompt

if TYPE_CHECKING:
    from cutsmith.protocols import Watch
    from cutsmith.segmentation.sam2 import Sam2Segmenter

LOW_AGREEMENT = 0.9

# Objects in the photographs of scikit-image that the demo takes, too; boxes in pixels.
_SAMPLES: Mapping[str, tuple[Box, ...]] = MappingProxyType(
    {
        "astronaut.png": (Box(20, 15, 362, 512), Box(355, 0, 455, 285), Box(280, 343, 497, 512)),
        "chelsea.png": (Box(0, 0, 400, 300),),
        "coffee.png": (Box(170, 17, 408, 310), Box(77, 17, 480, 385)),
        "rocket.jpg": (Box(305, 125, 343, 407),),
    }
)
# What is asked for in a photograph that nobody has looked at: the middle, in three sizes, as shares of its sides.
_MIDDLES = (0.3, 0.6, 0.9)


class Agreement(NamedTuple):
    """How alike the two networks answer about one photograph: the mean IoU of their masks, in [0, 1]."""

    name: str
    agreement: float


@dataclass(frozen=True)
class Forgetting:
    """What became of the photographs that were not learned from.

    Attributes:
        photographs: the least alike first; empty where none could be found.
        left_out: why a photograph was not looked at, a sentence each.
    """

    photographs: tuple[Agreement, ...]
    left_out: tuple[str, ...] = ()

    @property
    def mean(self) -> float | None:
        """The mean agreement; None where there are no photographs."""
        if not self.photographs:
            return None
        return sum(each.agreement for each in self.photographs) / len(self.photographs)

    @property
    def changed(self) -> tuple[Agreement, ...]:
        """The photographs with an agreement below 0.9."""
        return tuple(each for each in self.photographs if each.agreement < LOW_AGREEMENT)

    @property
    def told(self) -> tuple[str, ...]:
        """What is to be known, in sentences for people."""
        if self.mean is None:
            return (
                "What the network has forgotten is not known: this installation has no sample photographs. Name a "
                "folder with some of your own that show other things.",
                *self.left_out,
            )
        number = len(self.photographs)
        first = (
            f"On {number} photograph{'s' * (number > 1)} of other things, the tuned network's masks agree with the "
            f"baseline's to {self.mean:.0%}."
        )
        changed = tuple(
            f"{each.name} is seen differently than before: the masks agree to {each.agreement:.0%}."
            for each in self.changed
        )
        return (first, *changed, *self.left_out)

    def to_json(self) -> dict[str, Any]:
        """For JSON: "mean", "photographs" (name and agreement of each) and "left_out"."""
        return {
            "mean": self.mean,
            "photographs": [each._asdict() for each in self.photographs],
            "left_out": list(self.left_out),
        }


def look_for_forgetting(
    baseline: Sam2Segmenter,
    tuned: Sam2Segmenter,
    *,
    folder: Path | None = None,
    learned: Set[str] = frozenset(),
    watch: Watch | None = None,
) -> Forgetting:
    """Compare the two networks' masks on photographs that were not learned from, one photograph in memory at a time.

    Args:
        baseline, tuned: the networks.
        folder: with photographs of the user's own, which show other things than was learned.
        learned: SHA-256 of each picture that was learned from; those are left out.
        watch: may end the work between two photographs.

    Raises:
        BadOption: `folder` is none, or is empty.
        Cancelled: `watch` says so.
    """
    photographs = [*_of_folder(folder), *_samples()]
    agreements, left_out = [], []
    for path in photographs:
        if watch is not None:
            watch.check()
        try:
            if hashlib.sha256(path.read_bytes()).hexdigest() in learned:
                left_out.append(f"{path.name} was learned from, so it does not count here.")
                continue
            agreements.append(Agreement(path.name, _agreement(baseline, tuned, path, watch)))
        except PictureError as error:
            left_out.append(f"{path.name} was left out. {error.what}")
        except OSError as error:
            left_out.append(f"{path.name} was left out: it cannot be read ({error.strerror or error}).")
    return Forgetting(tuple(sorted(agreements, key=lambda each: each.agreement)), tuple(left_out))


def _agreement(baseline: Sam2Segmenter, tuned: Sam2Segmenter, path: Path, watch: Watch | None) -> float:
    picture = Picture.read(path)
    image = picture.for_models()
    boxes = _SAMPLES.get(path.name, ())
    if not boxes or any(box != box.clip(picture.width, picture.height) for box in boxes):
        boxes = tuple(_middle(share, picture.width, picture.height) for share in _MIDDLES)
    prompts = [Prompt(box=box) for box in boxes]
    alike: list[float] = []
    answers = [segmenter.segment(image, prompts, watch) for segmenter in (baseline, tuned)]
    for segmenter in (baseline, tuned):
        segmenter.forget_pictures()
    for before, after in zip(*answers, strict=True):
        alike.append(iou(before.logits() >= 0, after.logits() >= 0))
    return sum(alike) / len(alike)


def _middle(share: float, width: int, height: int) -> Box:
    edge = (1 - share) / 2
    return Box(edge * width, edge * height, (1 - edge) * width, (1 - edge) * height)


def _of_folder(folder: Path | None) -> Sequence[Path]:
    if folder is None:
        return ()
    wanted = "It must be a folder with photographs that show other things than those that are learned from."
    if not is_folder(folder):
        raise BadOption(f"{folder} is no folder. {wanted}")
    found = sorted(each for each in folder.iterdir() if is_file(each) and not each.name.startswith("."))
    if not found:
        raise BadOption(f"{folder} is empty. {wanted}")
    return found


def _samples() -> Iterator[Path]:
    """The sample photographs on this machine: scikit-image's, which rembg brings, or those that the demo fetched."""
    places = [cache_folder() / "photographs"]
    package = find_spec("skimage")
    if package is not None and package.submodule_search_locations:
        places.insert(0, Path(package.submodule_search_locations[0]) / "data")
    for name in _SAMPLES:
        path = next((place / name for place in places if is_file(place / name)), None)
        if path is not None:
            yield path
