"""The models of a run: handed in by the caller, or loaded once and kept, several at a time, up to a limit of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from cutsmith.cures import give, leave_out
from cutsmith.errors import BadOption, Notice, NotInstalled
from cutsmith.machine.telling import hearing
from cutsmith.pipeline.cascade.other_way import OtherWay, other_way
from cutsmith.segmentation.subject_in_box import NAME as SUBJECT_IN_BOX

if TYPE_CHECKING:
    from cutsmith.models.store import Store
    from cutsmith.options import Runtime
    from cutsmith.protocols import Detector, MattingModel, Remover, Segmenter
    from cutsmith.request import Request

MOST_BYTES = 4_000_000_000
"""Bytes of weights on the disk. Open models take one to four times as much memory."""


@dataclass(frozen=True)
class Models:
    """Open models: those that a run needs, or those that its caller hands in.

    Attributes:
        remover: picture -> soft mask of the main subject.
        detector: words -> boxes.
        segmenter: boxes and clicks -> soft masks.
        matting_network: what a neural matting runs.
        other_way: what the cascade asks in doubt.
        warnings: texts about the models for the user.
    """

    remover: Remover | None = None
    detector: Detector | None = None
    segmenter: Segmenter | None = None
    warnings: tuple[str, ...] = ()
    matting_network: MattingModel | None = None
    other_way: OtherWay | None = None

    def provenance(self) -> dict[str, str]:
        """Model, weights and engine of each, for a result's provenance."""
        told: dict[str, str] = {}
        for model in (self.remover, self.detector, self.segmenter, self.matting_network):
            if model is not None:
                told.update(model.provenance())
        return told


@dataclass(frozen=True)
class Held:
    """A model that a pool keeps open: its kind, the name it was requested by, and the bytes of its weights."""

    kind: str
    name: str
    bytes: int


_Key = tuple[str, str | None, str, int | None]


class ModelPool:
    """Opens models when they are first needed, and keeps those that were used last.

    Args:
        most_bytes: limit for the weights of all kept models together, in bytes on the disk; the model used last is
            always kept.
        store: finds the weights; None takes this user's store.
        kept_pictures: of how many pictures a segmenter keeps what further clicks need; None for as many as it does by
            itself.
    """

    def __init__(
        self, most_bytes: int = MOST_BYTES, store: Store | None = None, kept_pictures: int | None = None
    ) -> None:
        self._most_bytes = most_bytes
        self.store = store
        self._kept_pictures = kept_pictures
        self._kept: OrderedDict[_Key, Any] = OrderedDict()
        # One load at a time: if a model still loads for a picture that turned out to be unreadable, the next picture
        # waits for it instead of loading it a second time.
        self._lock = Lock()

    def remover(self, runtime: Runtime) -> tuple[Remover, tuple[str, ...]]:
        """The remover that `runtime` names, and warnings; errors as for `cutsmith.removal.loading.load_remover`."""
        from cutsmith.removal.loading import load_remover

        # The device is PyTorch's.
        where = f"{runtime.engine} {runtime.device}" if runtime.engine == "torch" else runtime.engine
        loaded = self._loaded(
            ("remover", runtime.model, where, runtime.threads),
            lambda: load_remover(runtime.model, **self._way(runtime)),
        )
        return loaded.model, loaded.warnings

    def detector(self, runtime: Runtime) -> tuple[Detector, tuple[str, ...]]:
        """The detector that `runtime` names, and warnings; errors as for `cutsmith.detection.loading.load_detector`."""
        from cutsmith.detection.loading import load_detector

        loaded = self._loaded(
            ("detector", runtime.detector, runtime.device, runtime.threads),
            lambda: load_detector(runtime.detector, device=runtime.device, threads=runtime.threads, store=self.store),
        )
        return loaded.model, loaded.warnings

    def segmenter(self, runtime: Runtime) -> tuple[Segmenter, tuple[str, ...]]:
        """The segmenter that `runtime` names, and warnings; errors as for `segmentation.loading.load_segmenter`."""
        from cutsmith.segmentation.loading import load_segmenter

        loaded = self._loaded(
            ("segmenter", runtime.segmenter, runtime.device, runtime.threads),
            lambda: load_segmenter(runtime.segmenter, device=runtime.device, threads=runtime.threads, store=self.store),
        )
        if self._kept_pictures is not None:
            loaded.model.keep_pictures(self._kept_pictures)
        return loaded.model, loaded.warnings

    def matting_network(self, method: str, runtime: Runtime) -> tuple[MattingModel, tuple[str, ...]]:
        """The network of the matting `method`, and warnings; errors as for `cutsmith.matting.loading.load_network`."""
        from cutsmith.matting.loading import load_network

        loaded = self._loaded(
            (method, runtime.matting_model, f"{runtime.engine} {runtime.device}", runtime.threads),
            lambda: load_network(method, runtime.matting_model, **self._way(runtime)),
        )
        return loaded.model, loaded.warnings

    def _way(self, runtime: Runtime) -> dict[str, Any]:
        """How a network that is an ONNX file or PyTorch's is opened."""
        return {
            "engine": runtime.engine,
            "device": runtime.device,
            "threads": runtime.threads,
            "store": self.store,
        }

    def held(self) -> list[Held]:
        """The models that are kept, the last used first."""
        with self._lock:
            return [Held(key[0], key[1] or "default", loaded.bytes) for key, loaded in reversed(self._kept.items())]

    def forget(self) -> None:
        """Drop every model."""
        with self._lock:
            self._kept.clear()

    def _loaded(self, key: _Key, load: Callable[[], Any]) -> Any:
        with self._lock:
            loaded = self._kept.pop(key, None)
            if loaded is None:
                heard: list[str] = []
                with hearing(heard.append):
                    loaded = load()
                loaded = replace(loaded, warnings=(*loaded.warnings, *dict.fromkeys(heard)))
            self._kept[key] = loaded
            while len(self._kept) > 1 and sum(each.bytes for each in self._kept.values()) > self._most_bytes:
                self._kept.popitem(last=False)
            return loaded


POOL = ModelPool()
"""This process's models, for callers that hand none in."""


def load_models(
    request: Request,
    given: Models | None = None,
    pool: ModelPool | None = None,
    *,
    is_prompted: bool | None = None,
    with_points: bool = False,
) -> Models:
    """Load the models that `request` needs: a remover, or a segmenter and, for words, a detector; a matting network.

    Args:
        request: a checked request.
        given: models that are already open; these are used instead of loading others.
        pool: loads the others; None takes `POOL`.
        is_prompted: whether something says what to cut out; None means that the request tells.
        with_points: whether clicks say it that are not in the request.

    Raises:
        NotInstalled: weights, an engine or an extra are missing.
        UnknownModel: a model's name is unknown.
        BadOption: subject-in-box was combined with points or a mask.
    """
    given = given or Models()
    pool = pool or POOL
    network, told = load_matting_network(request, given, pool)
    warnings = [*given.warnings, *told]
    if not (request.is_prompted if is_prompted is None else is_prompted):
        remover = given.remover
        if remover is None:
            remover, told = pool.remover(request.runtime)
            warnings += told
        further = given.other_way
        if request.runtime.cascade and further is None:
            further = other_way(request.runtime, remover, given.segmenter, pool)
        return Models(remover=remover, warnings=tuple(warnings), matting_network=network, other_way=further)
    detector = given.detector if request.phrases else None
    if request.phrases and detector is None:
        detector, told = pool.detector(request.runtime)
        warnings += told
    segmenter = given.segmenter
    if segmenter is None:
        segmenter, told = _segmenter(request, given.remover, pool, with_points=with_points)
        warnings += told
    return Models(detector=detector, segmenter=segmenter, warnings=tuple(warnings), matting_network=network)


def load_matting_network(
    request: Request, given: Models | None = None, pool: ModelPool | None = None
) -> tuple[MattingModel | None, tuple[str, ...]]:
    """The network of the matting that `request` asks for, and warnings; None for methods without one.

    `given` and `pool` are as for `load_models`, and so are the errors.
    """
    from cutsmith.matting.loading import WITH_NETWORK

    if given is not None and given.matting_network is not None:
        return given.matting_network, ()
    if request.finish.matting not in WITH_NETWORK:
        return None, ()
    return (pool or POOL).matting_network(request.finish.matting, request.runtime)


def _segmenter(
    request: Request, remover: Remover | None, pool: ModelPool, *, with_points: bool
) -> tuple[Segmenter, tuple[str, ...]]:
    """SAM 2, or a removal model on the box's crop if that is enough and SAM 2 is missing."""
    from cutsmith.segmentation.loading import why_no_segmenter
    from cutsmith.segmentation.subject_in_box import SubjectInBox

    box_is_enough = not with_points and len(request.target.points) == 0 and request.target.mask is None
    told: tuple[str, ...] = ()
    if request.runtime.segmenter == SUBJECT_IN_BOX:
        if not box_is_enough:
            raise BadOption(
                f"{SUBJECT_IN_BOX} takes a box or words, but points or a mask were given, which need SAM 2.",
                leave_out("segmenter"),
                give("box", "40,60,300,420", text="Or give a box alone"),
                option="segmenter",
            )
    else:
        missing = why_no_segmenter(pool.store) if request.runtime.segmenter is None else None
        if missing is None:
            return pool.segmenter(request.runtime)
        if not box_is_enough:
            raise NotInstalled(f"Points and rough masks need SAM 2. {missing.what}", *missing.cures)
        told = (
            Notice(
                f"SAM 2 is not used: {missing.what} A removal model cuts out what is in each box instead.",
                *missing.cures[:1],
            ),
        )
    if remover is None:
        remover, more = pool.remover(request.runtime)
        told = (*told, *more)
    return SubjectInBox(remover), told


def forget_models() -> None:
    """Drop every model that this process keeps."""
    POOL.forget()
