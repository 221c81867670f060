"""The models that stay open between runs: each file once on each engine or device, and at most so many bytes.

The limit holds for what is in this process's memory, with the torch models that have left their device. Those on a
device are ComfyUI's to keep.
"""

from __future__ import annotations

import gc
import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .node_text import show
from .running import in_engine

if TYPE_CHECKING:
    from cutsmith.engines.opening import Opened

    from .managed_models import Managed

logger = logging.getLogger(__name__)

# Of the machine's memory. A model takes one to four times as much as its weights.
_SHARE_OF_MEMORY = 0.25

_kept: OrderedDict[Hashable, Managed] = OrderedDict()
"""The models by what identifies them, the one used last at the end."""


class Borrowed:
    """The models of one node's run."""

    def __init__(self) -> None:
        self._taken: dict[Hashable, Managed] = {}
        self._is_over = False

    def take(self, key: Hashable, name: str, load: Callable[[], Managed]) -> Any:
        """What the engine's loader gave for the model that `key` identifies: kept from an earlier run, or loaded now.

        `name` is what the node shows while the model is loaded.
        """
        managed = _kept.get(key)
        if managed is None or managed.loaded is None:
            show(f"Loading {name}")
            managed = load()
            show(f"Loaded {name}")
            # A model that loads on after a cancelled run is nobody's.
            if not self._is_over:
                _kept[key] = managed
        if not self._is_over:
            _kept.move_to_end(key)
            self._taken[key] = managed
        return managed.loaded

    def open_onnx(
        self,
        path: Path,
        *,
        output: int = 0,
        engine: str = "auto",
        device: str = "auto",
        threads: int | None = None,
    ) -> Opened:
        """The ONNX model at `path`, as `cutsmith.engines.opening.open_model` opens it; PyTorch's is ComfyUI's to move.

        `device` is one of ComfyUI's, such as "cuda:0", and only for the engine "torch".
        """
        from cutsmith.engines.choice import plan
        from cutsmith.engines.opening import open_model
        from cutsmith.engines.presence import look
        from cutsmith.machine.files import file_identity

        best = plan(look(), engine).choices[0]

        def load() -> Managed:
            from .managed_models import Droppable, movable_network

            # ComfyUI brings the network to its device.
            opened = open_model(path, output=output, engine=engine, device="cpu", threads=threads)
            if opened.choice.engine == "torch" and device not in ("auto", "cpu"):
                return movable_network(opened, device)
            return Droppable(opened, path.stat().st_size, is_on_device=opened.choice.accelerated)

        opened: Opened = self.take(
            ("onnx", file_identity(path), output, best.engine, best.provider or device, threads), path.name, load
        )
        return opened

    def bring(self) -> None:
        """List the models with ComfyUI, and bring those that it moves to its device."""
        for managed in self._taken.values():
            managed.use()

    def end(self, *, keep: bool) -> None:
        """Free the models, or keep them for the next run as far as the limit allows."""
        self._is_over = True
        if not keep:
            for key, managed in self._taken.items():
                managed.free()
                _kept.pop(key, None)
            self._taken.clear()
            gc.collect()
            return
        _keep_within(_most_bytes())


@contextmanager
def borrowed(*, keep: bool | None) -> Iterator[Borrowed]:
    """The models of one run; `keep` says whether they stay open after it, and None that they do."""
    run = Borrowed()
    try:
        yield run
    finally:
        run.end(keep=keep is None or keep)


def loaded(run: Borrowed, load: Callable[[], Any]) -> Any:
    """What `load()` returns, which takes models from `run`: in the engine's thread, so that the user may interrupt."""
    given = in_engine(load)
    run.bring()
    return given


def _most_bytes() -> int:
    import psutil

    return int(psutil.virtual_memory().total * _SHARE_OF_MEMORY)


def _keep_within(most_bytes: int) -> None:
    """Free the models that were used longest ago, but never the last, until those in memory are within `most_bytes`."""
    held = {key: size for key, each in _kept.items() if (size := each.bytes_in_memory())}
    total = sum(held.values())
    for key in list(_kept)[:-1]:
        if total <= most_bytes:
            break
        if key not in held:
            continue
        total -= held[key]
        logger.info("Cutsmith: a model is freed: those that are kept open had more than %d MB", most_bytes // 1_000_000)
        _kept.pop(key).free()
