"""`cut_out()`: the way through the rooms: picture -> soft mask -> alpha -> foreground."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, BinaryIO, Literal, cast

import numpy as np

from cutsmith.errors import BadOption, SubjectNotFound
from cutsmith.picture import DEFAULT_MAX_PIXELS, Picture, write_mask
from cutsmith.removal.loading import LoadedRemover
from cutsmith.removal.loading import load_remover as _load_remover

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.matting.trimap import Band
    from cutsmith.protocols import Remover

logger = logging.getLogger(__name__)

# A picture holds a subject if one pixel at least is more likely subject than not. Raw maxima where there is none: plain
# pictures <= 0.05, noise 0.16, gravel and grass 0.40.
FOUND_PROBABILITY = 0.5
MATTING_METHODS = ("none", "closed-form")
FOREGROUND_METHODS = ("blur-fusion", "multilevel", "none")

_LOADING = Lock()

Background = str | os.PathLike[str] | tuple[int, int, int] | Picture
Source = str | os.PathLike[str] | bytes | BinaryIO | Picture


@dataclass(frozen=True)
class Cutout:
    """A subject cut out of a picture.

    Attributes:
        picture: what it was cut out of, upright.
        alpha: float32 (H, W) in [0, 1], straight; the picture's own alpha x the subject's.
        foreground: (H, W, 3), the picture's depth and colour space; the subject's colours, without the background's.
        soft_mask: float32 (H, W) in [0, 1], the model's raw probability.
        provenance: how it was made: version, model, weights, engine and options.
        warnings: what the user should know.
        seconds: what each stage took; "load" is what was left of loading when the picture had been read.
    """

    picture: Picture
    alpha: NDArray[np.float32]
    foreground: NDArray[np.uint8] | NDArray[np.uint16]
    soft_mask: NDArray[np.float32]
    provenance: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    def as_picture(self) -> Picture:
        """The cut-out as a picture with alpha, in the source's colour space and resolution."""
        return Picture(self.foreground, self.alpha, self.picture.icc, self.picture.dpi, self.picture.source)

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        provenance: bool = False,
        quality: int | None = None,
    ) -> Path:
        """Write the cut-out with its transparency (PNG, TIFF, WebP, AVIF), whole or not at all.

        Args:
            path: the suffix names the format.
            overwrite: whether a file that is there may be replaced.
            provenance: whether `provenance` goes into the file's metadata.
            quality: 1-100, for lossy WebP and AVIF.

        Raises:
            OutputError: it cannot be written.
            OutputFormatUnsupported: the format is unknown or holds no alpha.
        """
        metadata = self.provenance if provenance else None
        return self.as_picture().save(path, overwrite=overwrite, metadata=metadata, quality=quality)

    def save_mask(self, path: str | os.PathLike[str], *, overwrite: bool = False, provenance: bool = False) -> Path:
        """Write alpha alone as a gray picture; errors as for `save`."""
        metadata = self.provenance if provenance else None
        return write_mask(self.alpha, path, overwrite=overwrite, dpi=self.picture.dpi, metadata=metadata)

    def on(self, background: Background) -> Picture:
        """The subject laid on `background`: a colour, a picture or its path, or "blur" (see `background_pixels`).

        Raises:
            BadColour: neither a colour nor a file.
            PictureError: the background's file cannot be read.
        """
        from cutsmith.background import background_pixels

        behind = background_pixels(background, self.picture, self.alpha)
        return Picture(
            composite(self.foreground, self.alpha, behind),
            None,
            self.picture.icc,
            self.picture.dpi,
            self.picture.source,
        )


def cut_out(
    source: Source,
    *,
    model: str | None = None,
    box: tuple[float, float, float, float] | None = None,
    matting: Literal["none", "closed-form"] = "none",
    band: tuple[int, int] | None = None,
    foreground: Literal["blur-fusion", "multilevel", "none"] = "blur-fusion",
    engine: str = "auto",
    threads: int | None = None,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    remover: Remover | None = None,
) -> Cutout:
    """Cut the main subject, or the subject in `box`, out of a picture.

    Args:
        source: a path, "-" for standard input, the file's bytes, a binary stream, or a `Picture`.
        model: a catalogue name, the path of an ONNX file, or "rembg:NAME"; None takes IS-Net.
        box: (x0, y0, x1, y1) in pixels of the upright picture; only what is inside it is kept.
        matting: "none" takes the soft mask for alpha; "closed-form" solves for alpha in the uncertain band (Levin,
            Lischinski, Weiss 2008).
        band: (inner, outer), pixels by which the uncertain band reaches into the sure subject and the sure background;
            only for a matting method. None takes the default of `cutsmith.matting.trimap.Band`.
        foreground: how the background's colour is taken out of the edges: "blur-fusion" (Forte 2021), "multilevel"
            (Germer et al. 2020, compiles numba) or "none".
        engine: "auto", "openvino", "onnxruntime", "cuda", "coreml" or "directml".
        threads: None takes all that the process may use.
        max_pixels: a picture with more is refused before it is decoded.
        remover: one that is open already, instead of `model`, `engine` and `threads`.

    Raises:
        PictureError: the picture cannot be read.
        UsageError: an option's value is wrong, the box among them.
        NotInstalled: weights, engine or an extra are missing.
        SubjectNotFound: no pixel reached a probability of 0.5.
    """
    check_options(matting, band, foreground)
    clock = _Clock()
    loading = _start(lambda: LoadedRemover(remover) if remover else load_remover(model, engine, threads))
    with clock.stage("read"):
        picture = source if isinstance(source, Picture) else Picture.read(source, max_pixels=max_pixels)
        image = picture.srgb()
    with clock.stage("load"):
        loaded = loading.result()
    with clock.stage("mask"):
        soft_mask = _soft_mask(loaded.remover, image, box)
    best = float(soft_mask.max())
    if best < FOUND_PROBABILITY:
        raise _nothing_found(picture, best, box)
    with clock.stage("matting"):
        subject_alpha = _alpha(image, soft_mask, matting, band)
    del image
    with clock.stage("foreground"):
        from cutsmith.matting.foreground import estimate_foreground, with_own_colours

        colours = estimate_foreground(picture.pixels, subject_alpha, foreground)
        alpha = subject_alpha
        if picture.alpha is not None:
            colours = with_own_colours(colours, picture.pixels, subject_alpha, picture.alpha)
            alpha = subject_alpha * picture.alpha
    warnings = (*picture.warnings, *loaded.warnings)
    options = _options(box, matting, band, foreground)
    provenance = _provenance(loaded.remover, options)
    return Cutout(picture, alpha, colours, soft_mask, provenance, warnings, clock.seconds)


def load_remover(model: str | None, engine: str, threads: int | None) -> LoadedRemover:
    """`cutsmith.removal.loading.load_remover`, once a process for the same arguments: models stay loaded."""
    # One at a time: while a model is loaded for a picture that turned out to be unreadable, the next picture waits for
    # the same model instead of loading it again beside it.
    with _LOADING:
        return _loaded_once(model, engine, threads)


@lru_cache(maxsize=2)
def _loaded_once(model: str | None, engine: str, threads: int | None) -> LoadedRemover:
    return _load_remover(model, engine=engine, threads=threads)


def composite(
    foreground: NDArray[np.uint8] | NDArray[np.uint16],
    alpha: NDArray[np.float32],
    behind: NDArray[np.uint8] | NDArray[np.uint16],
) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """`foreground` over `behind`, both (H, W, 3) of the same depth: alpha x F + (1 - alpha) x B, rounded."""
    share = alpha[..., None]
    mixed = behind + share * (foreground.astype(np.float32) - behind)
    return cast("NDArray[np.uint8] | NDArray[np.uint16]", np.rint(mixed).astype(foreground.dtype))


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


def _soft_mask(
    remover: Remover, image: NDArray[np.uint8], box: tuple[float, float, float, float] | None
) -> NDArray[np.float32]:
    if box is None:
        return remover.soft_mask(image)
    from cutsmith.segmentation.subject_in_box import SubjectInBox

    return SubjectInBox(remover).soft_mask(image, box)


def _alpha(
    image: NDArray[np.uint8], soft_mask: NDArray[np.float32], matting: str, band: tuple[int, int] | None
) -> NDArray[np.float32]:
    if matting == "none":
        return soft_mask
    from cutsmith.matting.closed_form import ClosedFormMatter

    return ClosedFormMatter(_band(band)).alpha(image, soft_mask)


def _band(band: tuple[int, int] | None) -> Band:
    from cutsmith.matting.trimap import Band

    return Band() if band is None else Band(*band)


def _nothing_found(picture: Picture, best: float, box: tuple[float, float, float, float] | None) -> SubjectNotFound:
    where = picture.source if box is None else f"the box {_box_text(box)} of {picture.source}"
    return SubjectNotFound(
        f"Nothing found in {where}: the best probability is {best:.2f}, wanted {FOUND_PROBABILITY} or more.",
        "Try another model (cutsmith models list)"
        + (", or a larger box." if box is not None else ", or point at the subject: --box X0,Y0,X1,Y1"),
        best_probability=best,
        threshold=FOUND_PROBABILITY,
    )


def _options(
    box: tuple[float, float, float, float] | None, matting: str, band: tuple[int, int] | None, foreground: str
) -> dict[str, str]:
    options = {"matting": matting, "foreground": foreground}
    if matting != "none":
        reach = _band(band)
        options["band"] = f"{reach.inner},{reach.outer}"
    if box is not None:
        options["box"] = _box_text(box)
        options["segmenter"] = "subject in box"
    return options


def _box_text(box: tuple[float, float, float, float]) -> str:
    return ",".join(f"{value:g}" for value in box)


def _provenance(remover: Remover, options: Mapping[str, str]) -> dict[str, str]:
    from cutsmith import __version__

    return {"software": f"Cutsmith {__version__}", **remover.provenance(), **options}


def _start(load: Callable[[], LoadedRemover]) -> Future[LoadedRemover]:
    """Begin to load in a thread of its own: mostly native code, it runs while the picture is decoded."""
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cutsmith-load")
    future = pool.submit(load)
    # Ends the thread when the model is there, also when the picture turns out to be unreadable.
    pool.shutdown(wait=False)
    return future


class _Clock:
    """What each stage took, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the body of the `with` as `name`."""
        start = perf_counter()
        yield
        self.seconds[name] = perf_counter() - start
