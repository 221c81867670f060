"""`cut_out()`: the way through the rooms: picture -> objects -> soft mask -> alpha -> foreground."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, BinaryIO, Literal, overload

import numpy as np

from cutsmith.cutout import Cutout
from cutsmith.errors import BadOption
from cutsmith.loaded_models import Models, load_models
from cutsmith.picture import DEFAULT_MAX_PIXELS, Picture
from cutsmith.protocols import BOX_THRESHOLD, TEXT_THRESHOLD
from cutsmith.search import Search, check_search, phrases_of
from cutsmith.subjects import Subject, box_text, find_subjects

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.matting.trimap import Band
    from cutsmith.protocols import Remover

MATTING_METHODS = ("none", "closed-form")
FOREGROUND_METHODS = ("blur-fusion", "multilevel", "none")
Matting = Literal["none", "closed-form"]
Foreground = Literal["blur-fusion", "multilevel", "none"]

Source = str | os.PathLike[str] | bytes | BinaryIO | Picture


@overload
def cut_out(
    source: Source,
    *,
    model: str | None = None,
    text: str | Sequence[str] | None = None,
    box: tuple[float, float, float, float] | None = None,
    points: Sequence[Sequence[float]] = (),
    mask: NDArray[np.generic] | None = None,
    segmenter: str | None = None,
    detector: str | None = None,
    box_threshold: float = BOX_THRESHOLD,
    text_threshold: float = TEXT_THRESHOLD,
    max_detections: int | None = None,
    objects: Literal["all", "best"] = "all",
    matting: Matting = "none",
    band: tuple[int, int] | None = None,
    foreground: Foreground = "blur-fusion",
    engine: str = "auto",
    device: str = "auto",
    threads: int | None = None,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    remover: Remover | None = None,
) -> Cutout: ...


@overload
def cut_out(
    source: Source,
    *,
    model: str | None = None,
    text: str | Sequence[str] | None = None,
    box: tuple[float, float, float, float] | None = None,
    points: Sequence[Sequence[float]] = (),
    mask: NDArray[np.generic] | None = None,
    segmenter: str | None = None,
    detector: str | None = None,
    box_threshold: float = BOX_THRESHOLD,
    text_threshold: float = TEXT_THRESHOLD,
    max_detections: int | None = None,
    objects: Literal["each"],
    matting: Matting = "none",
    band: tuple[int, int] | None = None,
    foreground: Foreground = "blur-fusion",
    engine: str = "auto",
    device: str = "auto",
    threads: int | None = None,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    remover: Remover | None = None,
) -> list[Cutout]: ...


def cut_out(
    source: Source,
    *,
    model: str | None = None,
    text: str | Sequence[str] | None = None,
    box: tuple[float, float, float, float] | None = None,
    points: Sequence[Sequence[float]] = (),
    mask: NDArray[np.generic] | None = None,
    segmenter: str | None = None,
    detector: str | None = None,
    box_threshold: float = BOX_THRESHOLD,
    text_threshold: float = TEXT_THRESHOLD,
    max_detections: int | None = None,
    objects: Literal["all", "best", "each"] = "all",
    matting: Matting = "none",
    band: tuple[int, int] | None = None,
    foreground: Foreground = "blur-fusion",
    engine: str = "auto",
    device: str = "auto",
    threads: int | None = None,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    remover: Remover | None = None,
) -> Cutout | list[Cutout]:
    """Cut the main subject out of a picture, or what words, a box, points or a rough mask ask for.

    Args:
        source: a path, "-" for standard input, the file's bytes, a binary stream, or a `Picture`.
        model: a removal model: a catalogue name, the path of an ONNX file, or "rembg:NAME"; None takes IS-Net.
        text: what to look for, one phrase or many, separated by commas, dots, semicolons or lines; Grounding DINO finds
            its boxes and SAM 2 masks them.
        box: (x0, y0, x1, y1) in pixels of the upright picture, for SAM 2. Without SAM 2, here and for `text`, a removal
            model cuts out what is in the box, with a warning.
        points: clicks (x, y) on the subject or (x, y, label), label 0 for what is not the subject; for SAM 2.
        mask: a rough mask of the subject, (H, W) of bool, uint8 or float in [0, 1], upright; for SAM 2.
        segmenter: a SAM 2 catalogue name, the path of a checkpoint, or "subject-in-box" for the removal model on the
            box; None takes the best SAM 2 on this machine.
        detector: a Grounding DINO catalogue name, or the path of a checkpoint or a folder; None takes one that is here.
        box_threshold: a box's score must be above it, in [0, 1].
        text_threshold: the score of the best word of a box's phrase must be above it, in [0, 1].
        max_detections: so many boxes at the most, the best; None takes all.
        objects: "all" unites what `text` found, "best" takes the most confident, "each" gives a list, one an object.
        matting: "none" takes the soft mask for alpha; "closed-form" solves for alpha in the uncertain band (Levin,
            Lischinski, Weiss 2008).
        band: (inner, outer), pixels by which the uncertain band reaches into the sure subject and the sure background;
            only for a matting method. None takes the default of `cutsmith.matting.trimap.Band`.
        foreground: how the background's colour is taken out of the edges: "blur-fusion" (Forte 2021), "multilevel"
            (Germer et al. 2020, compiles numba) or "none".
        engine: for removal models: "auto", "openvino", "onnxruntime", "cuda", "coreml" or "directml".
        device: for Grounding DINO and SAM 2: "auto", "cpu", "cuda" or "mps".
        threads: None takes all that the process may use.
        max_pixels: a picture with more is refused before it is decoded.
        remover: one that is open already, instead of `model`, `engine` and `threads`.

    Raises:
        PictureError: the picture cannot be read.
        UsageError: an option's value is wrong, the words, the box and the points among them.
        NotInstalled: weights, engine or an extra are missing.
        SubjectNotFound: no pixel reached a probability of 0.5, or no box the threshold.
    """
    search = Search(
        phrases=phrases_of(text),
        box=box,
        points=tuple(points),
        mask=mask,
        objects=objects,
        model=model,
        segmenter=segmenter,
        detector=detector,
        box_threshold=box_threshold,
        text_threshold=text_threshold,
        max_detections=max_detections,
        engine=engine,
        device=device,
        threads=threads,
    )
    check_search(search)
    check_options(matting, band, foreground)
    clock = _Clock()
    loading = _start(lambda: load_models(search, remover))
    with clock.stage("read"):
        picture = source if isinstance(source, Picture) else Picture.read(source, max_pixels=max_pixels)
        image = picture.srgb()
    with clock.stage("load"):
        models = loading.result()
    found = find_subjects(models, image, search, picture.source, clock.stage)
    warnings = (*picture.warnings, *models.warnings, *found.warnings)
    provenance = {**_provenance(models), **_options(search, matting, band, foreground)}
    cutouts = []
    for number, subject in enumerate(found.subjects, start=1):
        own = clock.fork()
        alpha, colours = _finished(picture, image, subject, matting, band, foreground, own)
        told = {**provenance, "object": f"{number} of {len(found.subjects)}"} if objects == "each" else provenance
        cutouts.append(Cutout(picture, alpha, colours, subject.soft_mask, told, warnings, own.seconds, subject.objects))
    return cutouts if objects == "each" else cutouts[0]


def check_options(matting: str, band: tuple[int, int] | None, foreground: str) -> None:
    """Refuse options that no picture could be cut out with.

    Raises:
        BadOption: unknown method, or a band that is negative or given without matting.
    """
    if matting not in MATTING_METHODS:
        raise BadOption(f"--matting {matting}: wanted one of {', '.join(MATTING_METHODS)}.")
    if foreground not in FOREGROUND_METHODS:
        raise BadOption(f"--foreground {foreground}: wanted one of {', '.join(FOREGROUND_METHODS)}.")
    _band(band)
    if band is not None and matting == "none":
        raise BadOption("--band is for a matting method, and none was asked for.", "Add --matting closed-form")


def _finished(
    picture: Picture,
    image: NDArray[np.uint8],
    subject: Subject,
    matting: str,
    band: tuple[int, int] | None,
    foreground: Foreground,
    clock: _Clock,
) -> tuple[NDArray[np.float32], NDArray[np.uint8] | NDArray[np.uint16]]:
    """Alpha and colours of `subject`."""
    with clock.stage("matting"):
        subject_alpha = _alpha(image, subject, matting, band)
    with clock.stage("foreground"):
        from cutsmith.matting.foreground import estimate_foreground, with_own_colours

        colours = estimate_foreground(picture.pixels, subject_alpha, foreground)
        if picture.alpha is None:
            return subject_alpha, colours
        colours = with_own_colours(colours, picture.pixels, subject_alpha, picture.alpha)
        return subject_alpha * picture.alpha, colours


def _alpha(
    image: NDArray[np.uint8], subject: Subject, matting: str, band: tuple[int, int] | None
) -> NDArray[np.float32]:
    if matting == "none":
        return subject.soft_mask
    from cutsmith.matting.closed_form import ClosedFormMatter

    alpha = ClosedFormMatter(_band(band)).alpha(image, subject.soft_mask if subject.uncut is None else subject.uncut)
    if subject.inside is not None:
        alpha[~subject.inside] = 0
    return alpha


def _band(band: tuple[int, int] | None) -> Band:
    from cutsmith.matting.trimap import Band

    return Band() if band is None else Band(*band)


def _options(search: Search, matting: str, band: tuple[int, int] | None, foreground: str) -> dict[str, str]:
    options = {"matting": matting, "foreground": foreground}
    if matting != "none":
        reach = _band(band)
        options["band"] = f"{reach.inner},{reach.outer}"
    if search.box is not None:
        options["box"] = box_text(search.box)
    if search.points:
        options["points"] = " ".join(",".join(f"{value:g}" for value in point) for point in search.points)
    if search.mask is not None:
        options["mask"] = "given"
    if search.phrases:
        options["text"] = ", ".join(search.phrases)
        options["box_threshold"] = f"{search.box_threshold:g}"
        options["text_threshold"] = f"{search.text_threshold:g}"
        options["objects"] = search.objects
        if search.max_detections is not None:
            options["max_detections"] = str(search.max_detections)
    return options


def _provenance(models: Models) -> dict[str, str]:
    from cutsmith import __version__

    told = {"software": f"Cutsmith {__version__}"}
    for model in (models.remover, models.detector, models.segmenter):
        if model is not None:
            told.update(model.provenance())
    return told


def _start(load: Callable[[], Models]) -> Future[Models]:
    """Begin to load in a thread of its own: mostly native code, it runs while the picture is decoded."""
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cutsmith-load")
    future = pool.submit(load)
    # Ends the thread when the model is there, also when the picture turns out to be unreadable.
    pool.shutdown(wait=False)
    return future


class _Clock:
    """What each stage took, in seconds."""

    def __init__(self, seconds: Mapping[str, float] | None = None) -> None:
        self.seconds: dict[str, float] = dict(seconds or {})

    def fork(self) -> _Clock:
        """A clock of its own that has what this one has."""
        return _Clock(self.seconds)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the body of the `with` as `name`."""
        start = perf_counter()
        yield
        self.seconds[name] = perf_counter() - start
