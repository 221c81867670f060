"""`install.py demo`: the product in its `.venv`, weights, and the sample photographs cut out into demo/."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from installer.demo import contact_sheet
from installer.failure import InstallFailed
from installer.folders import Clone
from installer.environment.numba_warming import warm_numba_once
from installer.demo.photographs import PHOTOGRAPHS, bring_photographs
from installer.environment.virtual_environment import Installation, environment_command, prepare_environment
from installer.demo.weights import ensure_weights


def photographs_of(clone: Clone) -> list[Path]:
    """Where the demo puts the sample photographs."""
    return [clone.demo / "photos" / photo.name for photo in PHOTOGRAPHS]


def cutouts_of(clone: Clone) -> list[Path]:
    """Where the demo puts the cut-outs."""
    return [clone.demo / f"{Path(photo.name).stem}.png" for photo in PHOTOGRAPHS]


def previews_of(clone: Clone) -> list[Path]:
    """Where the demo puts its before | mask | after pictures, one a photograph."""
    return [clone.demo / "previews" / f"{Path(photo.name).stem}.png" for photo in PHOTOGRAPHS]


def contact_sheet_of(clone: Clone) -> Path:
    """Where the demo puts the sheet that shows all of them."""
    return clone.demo / "contact-sheet.png"


def run_demo(clone: Clone, extras: Sequence[str] = ()) -> None:
    """Set everything up, cut the sample photographs out, and print the paths of what was written.

    `extras` are installed besides; those of an earlier run stay.
    """
    python = prepare_environment(clone, Installation(extras=tuple(extras)))
    model = ensure_weights(python)
    photographs = bring_photographs(clone, python)
    _cut(python, clone, photographs, model)
    _run([str(python), contact_sheet.__file__, str(contact_sheet_of(clone)), *map(str, previews_of(clone))], clone)

    print("\nThe sample photographs, as scikit-image credits them:")
    for photo, path in zip(PHOTOGRAPHS, photographs, strict=True):
        print(f"  {path}\n      {photo.credit}")
    print("Cut out:")
    for path in (*cutouts_of(clone), *previews_of(clone)):
        print(f"  {path}")
    print(f"Before and after, all on one sheet:\n  {contact_sheet_of(clone)}\n")

    warm_numba_once(clone.environment, python)
    command = environment_command(clone.environment, "cutsmith")
    print(f'Your turn:  "{command}" cut photo.jpg -o cut.png')


def _cut(python: Path, clone: Clone, photographs: list[Path], model: str) -> None:
    print(f"Cutting the sample photographs out with {model}.")
    (clone.demo / "previews").mkdir(parents=True, exist_ok=True)
    options = ["--preview", f"{clone.demo / 'previews'}/", "--overwrite", "--model", model, "--timings"]
    command = [str(python), "-m", "cutsmith", "cut", *map(str, photographs), "-o", f"{clone.demo}/", *options]
    _run(command, clone)


def _run(command: list[str], clone: Clone) -> None:
    code = subprocess.run(command, stdin=subprocess.DEVNULL).returncode
    if code:
        raise InstallFailed(
            f"The demo failed (exit code {code}); the lines above say why.",
            f"To begin from nothing, run uninstall first; it removes {clone.environment} and {clone.demo}.",
        )
