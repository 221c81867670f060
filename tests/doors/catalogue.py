"""The catalogue of failures and warnings that are provoked in the engine, and what its entries have in common.

Each is a function of a folder of its own, in which it does what goes wrong; the modules beside this one add theirs to
`FAILURES` and `WARNINGS`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from cutsmith import Picture
from cutsmith.models.catalogue import find_entry
from cutsmith.models.entry import Entry
from cutsmith.pipeline.loading import Models
from gimp_plugin.cutsmith.plug_in.settings import Settings

SUBJECT = Settings()
SELECTION = Settings(what="selection")
WORDS = Settings(what="words", prompt="red mug")
REFINE = Settings.for_own_mask({})


@dataclass(frozen=True)
class Failure:
    """One thing that goes wrong: in words, what does it, what was asked for in GIMP, and the doors that meet it."""

    title: str
    provoke: Callable[[Path], object]
    settings: Settings
    doors: tuple[str, ...]


COMMAND_LINE, COMFYUI, GIMP = DOORS = ("command line", "ComfyUI", "GIMP")
FAILURES: list[Failure] = []
WARNINGS: list[Failure] = []


def fails(title: str, settings: Settings = SUBJECT, doors: tuple[str, ...] = DOORS):
    """Register a function that raises one of Cutsmith's errors, which can be met in `doors`."""

    def register(provoke: Callable[[Path], object]) -> Callable[[Path], object]:
        FAILURES.append(Failure(title, provoke, settings, doors))
        return provoke

    return register


def warns(title: str, settings: Settings = SUBJECT):
    """Register a function that returns warnings."""

    def register(provoke: Callable[[Path], object]) -> Callable[[Path], object]:
        WARNINGS.append(Failure(title, provoke, settings, DOORS))
        return provoke

    return register


@contextmanager
def without(*modules: str) -> Iterator[None]:
    """As if `modules` were not installed."""
    with pytest.MonkeyPatch.context() as patch:
        for name in modules:
            for loaded in [each for each in sys.modules if each.startswith(f"{name}.")]:
                patch.delitem(sys.modules, loaded)
            patch.setitem(sys.modules, name, None)
        yield


@contextmanager
def with_modules(*modules: str) -> Iterator[None]:
    """As if `modules` could be found, where they are not installed."""
    from importlib.machinery import ModuleSpec
    from importlib.util import find_spec
    from types import ModuleType

    with pytest.MonkeyPatch.context() as patch:
        for name in modules:
            if name in sys.modules or find_spec(name) is not None:
                continue
            stand_in = ModuleType(name)
            stand_in.__spec__ = ModuleSpec(name, None)
            patch.setitem(sys.modules, name, stand_in)
        yield


class Blind:
    """A remover that finds nothing."""

    name = "blind"

    def provenance(self):
        return {"model": self.name}

    def soft_mask(self, image):
        return np.full(image.shape[:2], 0.25, np.float32)


BLIND = Models(remover=Blind())


def picture() -> Picture:
    return Picture(np.zeros((80, 100, 3), np.uint8))


def written(path: Path, content: bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def photograph(path: Path, width: int = 100, height: int = 80) -> Path:
    from PIL import Image

    Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)).save(path)
    return path


def not_for_commerce() -> Entry:
    """A model on other terms than those that are in the catalogue now."""
    return replace(find_entry("birefnet-portrait"), commercial_use=False, licence="CC BY-NC 4.0")
