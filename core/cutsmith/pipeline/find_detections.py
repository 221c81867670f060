"""`find_detections()`: where in a picture is what the words name? Nothing is cut out."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING

from cutsmith.picture import DEFAULT_MAX_PIXELS, Picture
from cutsmith.pipeline.cut_out import Source
from cutsmith.pipeline.loading import load_detector
from cutsmith.pipeline.subjects import detections_of
from cutsmith.protocols import BOX_THRESHOLD, TEXT_THRESHOLD
from cutsmith.result.detections import Detections
from cutsmith.search import Search, check_search, phrases_of
from cutsmith.version import __version__

if TYPE_CHECKING:
    pass


def find_detections(
    source: Source,
    text: str | Sequence[str],
    *,
    detector: str | None = None,
    box_threshold: float = BOX_THRESHOLD,
    text_threshold: float = TEXT_THRESHOLD,
    max_detections: int | None = None,
    device: str = "auto",
    threads: int | None = None,
    max_pixels: int = DEFAULT_MAX_PIXELS,
) -> Detections:
    """The boxes of what `text` names in a picture; arguments and errors as for `cutsmith.cut_out`."""
    search = Search(
        phrases=phrases_of(text),
        detector=detector,
        box_threshold=box_threshold,
        text_threshold=text_threshold,
        max_detections=max_detections,
        device=device,
        threads=threads,
    )
    check_search(search)
    start = perf_counter()
    picture = source if isinstance(source, Picture) else Picture.read(source, max_pixels=max_pixels)
    read = perf_counter()
    loaded = load_detector(detector, device, threads)
    ready = perf_counter()
    candidates = loaded.detector.candidates(picture.srgb(), search.phrases)
    found = detections_of(candidates, search, picture.source)
    return Detections(
        picture,
        tuple(found),
        {
            "software": f"Cutsmith {__version__}",
            **loaded.detector.provenance(),
            "text": ", ".join(search.phrases),
            "box_threshold": f"{box_threshold:g}",
            "text_threshold": f"{text_threshold:g}",
        },
        (*picture.warnings, *loaded.warnings, *candidates.warnings),
        {"read": read - start, "load": ready - read, "detect": perf_counter() - ready},
    )
