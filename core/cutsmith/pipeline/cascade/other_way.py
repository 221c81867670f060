"""The way after the second look: a segmenter that is asked for what lies in the box of what was found.

SAM 2 where it is here, else the next best removal model on the box's crop, else the same one, which then sees the
subject larger. It is opened when it is first needed: most pictures never come that far.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, Protocol

from cutsmith.segmentation.subject_in_box import NAME as SUBJECT_IN_BOX

if TYPE_CHECKING:
    from cutsmith.models.store import Store
    from cutsmith.options import Runtime
    from cutsmith.protocols import Remover, Segmenter

# The best first, by what their publishers measured (docs/models.md).
_REMOVERS = ("birefnet-general", "birefnet-general-lite", "isnet-general-use", "isnet-general-use-fp16", "u2net")


class Pool(Protocol):
    """What opens models and keeps them (`cutsmith.pipeline.loading.ModelPool`)."""

    store: Store | None

    def remover(self, runtime: Runtime) -> tuple[Remover, tuple[str, ...]]:
        """The removal model that `runtime` names, and warnings."""

    def segmenter(self, runtime: Runtime) -> tuple[Segmenter, tuple[str, ...]]:
        """The segmenter that `runtime` names, and warnings."""


class Opened(NamedTuple):
    """A segmenter, and the removal model whose masks it gives; None where it is no removal model."""

    segmenter: Segmenter
    network: str | None


class OtherWay:
    """Opens a segmenter when it is first asked for, and keeps it."""

    def __init__(self, open: Callable[[], Opened]) -> None:
        """`open` opens it, and raises what it raises."""
        self._open = open
        self._opened: Opened | None = None
        self._lock = Lock()

    def opened(self) -> Opened:
        """The segmenter. Raises NotInstalled, ModelUnusable where it cannot be opened."""
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def provenance(self) -> Mapping[str, str]:
        """Its name, file and engine, under names of their own. Raises as `opened`."""
        return {f"other_way_{name}": value for name, value in self.opened().segmenter.provenance().items()}


def other_way(runtime: Runtime, remover: Remover, segmenter: Segmenter | None, pool: Pool) -> OtherWay:
    """The way for pictures whose first masks are `remover`'s; a `segmenter` that the caller has opened goes first."""
    if segmenter is not None:
        given = Opened(segmenter, None)
        return OtherWay(lambda: given)
    return OtherWay(lambda: _opened(runtime, remover, pool))


def _opened(runtime: Runtime, remover: Remover, pool: Pool) -> Opened:
    from cutsmith.segmentation.loading import why_no_segmenter
    from cutsmith.segmentation.subject_in_box import SubjectInBox

    is_named = runtime.segmenter not in (None, SUBJECT_IN_BOX)
    if is_named or (runtime.segmenter is None and why_no_segmenter(pool.store) is None):
        segmenter, _ = pool.segmenter(runtime)
        return Opened(segmenter, None)
    name = _next_remover(remover.name, pool.store)
    if name is not None:
        remover, _ = pool.remover(replace(runtime, model=name))
    return Opened(SubjectInBox(remover), remover.name)


def _next_remover(used: str, store: Store | None) -> str | None:
    """The best other removal model that is on this machine; None if there is none."""
    from cutsmith.models.catalogue import find_entry
    from cutsmith.models.store import Store

    store = store or Store()
    of_this_network = used.removesuffix("-fp16")
    for name in _REMOVERS:
        if name.removesuffix("-fp16") != of_this_network and store.find(find_entry(name)) is not None:
            return name
    return None
