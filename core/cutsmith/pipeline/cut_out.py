"""`cut_out()`: the way through the rooms: picture -> objects -> soft mask -> alpha -> foreground."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, BinaryIO, Literal, overload

from cutsmith.picture import DEFAULT_MAX_PIXELS, Picture
from cutsmith.pipeline.finishing import Foreground, Matting, check_options, finished, finishing_options
from cutsmith.pipeline.loading import Models, load_models
from cutsmith.pipeline.stages import Clock, OnStage
from cutsmith.pipeline.subjects import box_text, find_subjects
from cutsmith.protocols import BOX_THRESHOLD, TEXT_THRESHOLD
from cutsmith.result.cutout import Cutout
from cutsmith.search import Search, check_search, phrases_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cutsmith.protocols import Remover

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
    on_stage: OnStage | None = None,
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
    on_stage: OnStage | None = None,
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
    on_stage: OnStage | None = None,
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
        on_stage: called with the name of each stage that begins ("read", "load", "detect", "mask", "matting",
            "foreground"), for progress; what it raises ends the call.

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
    clock = Clock(on_stage)
    loading = _start(lambda: load_models(search, remover))
    with clock.stage("read"):
        picture = source if isinstance(source, Picture) else Picture.read(source, max_pixels=max_pixels)
        image = picture.srgb()
    with clock.stage("load"):
        models = loading.result()
    found = find_subjects(models, image, search, picture.source, clock.stage)
    warnings = (*picture.warnings, *models.warnings, *found.warnings)
    provenance = {
        **_provenance(models),
        **finishing_options(matting, band, foreground),
        **_search_options(search),
    }
    cutouts = []
    for number, subject in enumerate(found.subjects, start=1):
        own = clock.fork()
        alpha, colours = finished(picture, image, subject, own, matting=matting, band=band, foreground=foreground)
        told = {**provenance, "object": f"{number} of {len(found.subjects)}"} if objects == "each" else provenance
        cutouts.append(Cutout(picture, alpha, colours, subject.soft_mask, told, warnings, own.seconds, subject.objects))
    return cutouts if objects == "each" else cutouts[0]


def _search_options(search: Search) -> dict[str, str]:
    options: dict[str, str] = {}
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
    from cutsmith.version import __version__

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
