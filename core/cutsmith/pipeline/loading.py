"""Models stay loaded: each once a process for the same arguments, and only what a search needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

from cutsmith.detection.loading import LoadedDetector
from cutsmith.detection.loading import load_detector as _load_detector
from cutsmith.errors import BadOption, NotInstalled
from cutsmith.removal.loading import LoadedRemover
from cutsmith.removal.loading import load_remover as _load_remover
from cutsmith.segmentation.loading import LoadedSegmenter, why_no_sam2
from cutsmith.segmentation.loading import load_sam2 as _load_sam2
from cutsmith.segmentation.subject_in_box import NAME as SUBJECT_IN_BOX
from cutsmith.segmentation.subject_in_box import SubjectInBox

if TYPE_CHECKING:
    from cutsmith.protocols import Detector, Remover, Segmenter
    from cutsmith.search import Search

# One at a time: while a model is loaded for a picture that turned out to be unreadable, the next picture waits for the
# same model instead of loading it again beside it.
_LOADING = Lock()


@dataclass(frozen=True)
class Models:
    """What a search needs: a remover alone, or a segmenter and, for words, a detector before it."""

    remover: Remover | None = None
    detector: Detector | None = None
    segmenter: Segmenter | None = None
    warnings: tuple[str, ...] = ()


def load_models(search: Search, remover: Remover | None = None) -> Models:
    """The models for `search`; `remover` is one that is open already.

    Raises:
        NotInstalled: weights, an engine or an extra are missing.
        UnknownModel: a model's name is none.
    """
    if not search.is_prompted:
        loaded = _remover(search, remover)
        return Models(remover=loaded.remover, warnings=loaded.warnings)
    detector = load_detector(search.detector, search.device, search.threads) if search.phrases else None
    segmenter, warnings = _segmenter(search, remover)
    return Models(
        detector=None if detector is None else detector.detector,
        segmenter=segmenter,
        warnings=(*(() if detector is None else detector.warnings), *warnings),
    )


def _remover(search: Search, remover: Remover | None) -> LoadedRemover:
    return LoadedRemover(remover) if remover else load_remover(search.model, search.engine, search.threads)


def _segmenter(search: Search, remover: Remover | None) -> tuple[Segmenter, tuple[str, ...]]:
    """SAM 2, or a removal model on the box's crop where that is enough and SAM 2 is not there."""
    box_is_enough = not search.points and search.mask is None
    told: tuple[str, ...] = ()
    if search.segmenter == SUBJECT_IN_BOX:
        if not box_is_enough:
            raise BadOption(
                f"--segmenter {SUBJECT_IN_BOX} takes a box or words: points and masks need SAM 2.",
                "Leave --segmenter out, or give a --box.",
            )
    else:
        missing = why_no_sam2() if search.segmenter is None else None
        if missing is None:
            loaded = load_sam2(search.segmenter, search.device, search.threads)
            return loaded.segmenter, loaded.warnings
        if not box_is_enough:
            raise NotInstalled(f"Points and rough masks need SAM 2. {missing.what}", missing.remedy)
        told = (
            f"SAM 2 is not used: {missing.what} A removal model cuts out what is in each box instead. "
            f"{missing.remedy.splitlines()[0].strip()}",
        )
    opened = _remover(search, remover)
    return SubjectInBox(opened.remover), (*told, *opened.warnings)


def load_remover(model: str | None, engine: str, threads: int | None) -> LoadedRemover:
    """`cutsmith.removal.loading.load_remover`, once a process for the same arguments."""
    with _LOADING:
        return _loaded_remover(model, engine, threads)


def load_detector(detector: str | None, device: str, threads: int | None) -> LoadedDetector:
    """`cutsmith.detection.loading.load_detector`, once a process for the same arguments."""
    with _LOADING:
        return _loaded_detector(detector, device, threads)


def load_sam2(segmenter: str | None, device: str, threads: int | None) -> LoadedSegmenter:
    """`cutsmith.segmentation.loading.load_sam2`, once a process for the same arguments."""
    with _LOADING:
        return _loaded_sam2(segmenter, device, threads)


@lru_cache(maxsize=2)
def _loaded_remover(model: str | None, engine: str, threads: int | None) -> LoadedRemover:
    return _load_remover(model, engine=engine, threads=threads)


@lru_cache(maxsize=1)
def _loaded_detector(detector: str | None, device: str, threads: int | None) -> LoadedDetector:
    return _load_detector(detector, device=device, threads=threads)


@lru_cache(maxsize=1)
def _loaded_sam2(segmenter: str | None, device: str, threads: int | None) -> LoadedSegmenter:
    return _load_sam2(segmenter, device=device, threads=threads)


def forget_models() -> None:
    """Let go of every model that is kept."""
    with _LOADING:
        for kept in (_loaded_remover, _loaded_detector, _loaded_sam2):
            kept.cache_clear()
