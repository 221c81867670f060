"""`install.py demo`: sets up `.venv` and weights, and cuts out the sample photographs into demo/."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from installer.demo import contact_sheet
from installer.demo.photographs import PHOTOGRAPHS, bring_photographs
from installer.demo.weights import ensure_weights
from installer.environment.virtual_environment import Installation, environment_command, prepare_environment
from installer.failure import InstallFailed
from installer.folders import Clone


def photographs_of(clone: Clone) -> list[Path]:
    """Where the demo puts the sample photographs."""
    return [clone.demo / "photos" / photo.name for photo in PHOTOGRAPHS]


def results_of(clone: Clone) -> list[Path]:
    """Where the demo puts the cut-outs and the before | mask | after previews, one for each photograph."""
    names = [Path(photo.name).with_suffix(".png") for photo in PHOTOGRAPHS]
    return [folder / name for folder in (clone.demo, clone.demo / "previews") for name in names]


def contact_sheet_of(clone: Clone) -> Path:
    """Where the demo puts the sheet with all previews."""
    return clone.demo / "contact-sheet.png"


def run_demo(clone: Clone, extras: Sequence[str] = ()) -> None:
    """Set everything up, cut out the sample photographs, and print the paths of the results.

    `extras` are installed too; those of an earlier run stay.
    """
    python = prepare_environment(clone, Installation(extras=tuple(extras)))
    model = ensure_weights(python)
    photographs = bring_photographs(clone, python)
    print(f"Cutting the sample photographs out with {model}.")
    previews = clone.demo / "previews"
    previews.mkdir(parents=True, exist_ok=True)
    options = ["-o", f"{clone.demo}/", "--preview", f"{previews}/", "--overwrite", "--model", model, "--timings"]
    _run([str(python), "-m", "cutsmith", "cut", *map(str, photographs), *options], clone)
    shown = [str(path) for path in results_of(clone) if path.parent == previews]
    _run([str(python), contact_sheet.__file__, str(contact_sheet_of(clone)), *shown], clone)

    print("\nThe sample photographs, as scikit-image credits them:")
    for photo, path in zip(PHOTOGRAPHS, photographs, strict=True):
        print(f"  {path}\n      {photo.credit}")
    print("Cut out:")
    for path in results_of(clone):
        print(f"  {path}")
    print(f"Before and after, all on one sheet:\n  {contact_sheet_of(clone)}\n")

    print(f'Your turn:  "{environment_command(clone.environment, "cutsmith")}" cut photo.jpg -o cut.png')


def _run(command: list[str], clone: Clone) -> None:
    code = subprocess.run(command, stdin=subprocess.DEVNULL).returncode
    if code:
        raise InstallFailed(
            f"The demo failed (exit code {code}); the lines above say why.",
            f"To begin from nothing, run uninstall first; it removes {clone.environment} and {clone.demo}.",
        )
