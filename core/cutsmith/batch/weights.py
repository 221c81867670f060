"""The models of a batch: opened once for all rows that want the same ones, and named for the keys of units."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cutsmith.pipeline.loading import ModelPool, Models
    from cutsmith.request import Request


class Weights:
    """Opens the models that requests need."""

    def __init__(self, pool: ModelPool | None = None, given: Models | None = None) -> None:
        """Take models from `pool`, or from this process's own; `given` are open already, and used instead."""
        self._pool = pool
        self._given = given
        self._named: dict[tuple[Any, ...], dict[str, str]] = {}
        self._lock = Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process opens its own models, but for those that were given."""
        return type(self), (None, self._given)

    def models(self, request: Request) -> Models:
        """The open models for `request`.

        Raises:
            NotInstalled: weights, an engine or an extra are missing.
        """
        from cutsmith.pipeline.loading import load_models

        return load_models(request, self._given, pool=self._pool)

    def of(self, request: Request) -> Mapping[str, str]:
        """The provenance of the models for `request`: their names, files and engines. Raises as `models`."""
        kind = (request.runtime, request.is_prompted, bool(request.phrases), request.finish.matting)
        told = tuple(map(repr, kind))
        with self._lock:
            if told not in self._named:
                models = self.models(request)
                further = models.other_way.provenance() if models.other_way is not None else {}
                self._named[told] = {**models.provenance(), **further}
            return self._named[told]
