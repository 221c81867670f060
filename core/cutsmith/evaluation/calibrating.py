"""Calibrates quality on pictures with a true alpha: a removal model's doubts, and what they are worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.errors import UsageError
from cutsmith.evaluation.samples import SamplePaths, find_samples, read_truth
from cutsmith.quality.fitting import Observation, fitted, left_out
from cutsmith.quality.observing import observed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.protocols import Remover
    from cutsmith.quality.calibration import Calibration

LEAST_SUBJECTS = 3


class TooFewSubjects(UsageError):
    """A calibration is judged on subjects that it has not seen, so it needs several."""


@dataclass(frozen=True)
class Calibrated:
    """A calibration, and what it would have said of each observation without its subject: float64 (N,)."""

    calibration: Calibration
    observations: tuple[Observation, ...]
    said: NDArray[np.float64]


def calibrated(
    folders: Sequence[Path], model: str | None = None, on_picture: Callable[[str], None] = lambda _: None
) -> Calibrated:
    """Calibrate `model` on the pictures in `folders`; `on_picture` is called with each picture's name before its turn.

    Raises:
        NoSamples, BadTruth, PictureError: the pictures.
        TooFewSubjects: there are fewer than three subjects (what stands before the first "-" of a name).
        NotInstalled: the model is not here.
    """
    from cutsmith.options import Runtime
    from cutsmith.pipeline.loading import POOL

    groups = [(folder.name, sample) for folder in folders for sample in find_samples(folder).samples]
    samples = [sample for _, sample in groups]
    subjects = {sample.name.split("-")[0] for sample in samples}
    if len(subjects) < LEAST_SUBJECTS:
        raise TooFewSubjects(
            f"A calibration needs {LEAST_SUBJECTS} subjects or more, but the pictures show {len(subjects)}: "
            f"{', '.join(sorted(subjects))}.",
            "Add pictures of others; what stands before the first dash of a name is the subject.",
        )
    remover, _ = POOL.remover(Runtime(model=model))
    observations = tuple(_observations(groups, remover, on_picture))
    data = f"{len(samples)} pictures of {len(subjects)} subjects"
    name = remover.name.removesuffix("-fp16")
    return Calibrated(fitted(observations, name, data), observations, left_out(observations))


def _observations(
    groups: Sequence[tuple[str, SamplePaths]], remover: Remover, on_picture: Callable[[str], None]
) -> Iterator[Observation]:
    from cutsmith.picture import Picture
    from cutsmith.pipeline.looks.second_look import subject_mask
    from cutsmith.pipeline.stages import Run

    other = np.tri(64, dtype=np.float32)  # stands in for another picture's mask until there is one
    for group, sample in groups:
        on_picture(sample.name)
        picture = Picture.read(sample.picture)
        truth = read_truth(sample, picture.height, picture.width).alpha
        image = picture.for_models()
        recording = _Recording(remover)
        taken, looks = subject_mask(recording, image, "auto", Run())
        apart = 0.0 if looks is None else 1 - looks.agreement
        for each in observed(sample.name, image, truth, recording.masks[0], taken, apart, other):
            yield replace(each, group=group)
        other = taken


class _Recording:
    """A remover that keeps the masks it gave; the first one is that of the first view."""

    def __init__(self, remover: Remover) -> None:
        self._remover = remover
        self.masks: list[NDArray[np.float32]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._remover, name)

    def soft_mask(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The remover's mask."""
        mask = self._remover.soft_mask(image)
        self.masks.append(mask)
        return mask
