"""What each door shows of an error or a warning: as the command line prints it, as ComfyUI and GIMP show it.

`python -m tests.doors.doors`, in the clone's folder, writes told.txt anew.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from comfyui_nodes.words import in_the_nodes_words
from comfyui_nodes.words import warning_of as nodes_warning_of
from cutsmith.cli.telling import print_error, print_warning
from cutsmith.errors import CutsmithError, Notice
from gimp_plugin.cutsmith.plug_in import words as plug_in_words
from gimp_plugin.cutsmith.plug_in.failure import CutFailed
from gimp_plugin.cutsmith.plug_in.installation import Installation
from gimp_plugin.cutsmith.plug_in.settings import Settings
from tests.comfyui_nodes.comfyui_folders import comfyui_folders
from tests.doors import (
    failures_of_edges_and_pictures,
    failures_of_models,
    failures_of_prompts,
    failures_of_reports,
    failures_of_running,
)
from tests.doors.catalogue import DOORS, FAILURES, WARNINGS, Failure

# Importing them fills the catalogue.
_FILLED_BY = (
    failures_of_prompts,
    failures_of_edges_and_pictures,
    failures_of_models,
    failures_of_running,
    failures_of_reports,
)
ROOT = Path(__file__).parents[2]
INSTALLATION = Installation(("/PYTHON", "-m", "cutsmith"), install="python3 /CLONE/install.py gimp")


def shown(error: CutsmithError, settings: Settings) -> dict[str, str]:
    """What each door shows of `error`; `settings` are what was asked for in GIMP."""
    told = json.loads(json.dumps(error.to_json()))
    gimp = CutFailed(plug_in_words.what_of(told), plug_in_words.remedy_of(told, settings, INSTALLATION))
    with contextlib.redirect_stderr(io.StringIO()) as terminal:
        print_error(error)
    # Last: it rewords the error itself.
    with contextlib.suppress(CutsmithError), comfyui_folders(), in_the_nodes_words():
        raise error
    return dict(zip(DOORS, (terminal.getvalue().rstrip("\n"), str(error), str(gimp)), strict=True))


def shown_warning(warning: str, settings: Settings) -> dict[str, str]:
    """What each door shows of a warning."""
    notice = warning if isinstance(warning, Notice) else Notice(warning)
    told = json.loads(json.dumps(notice.to_json()))
    gimp = plug_in_words.notice_of(told, settings, INSTALLATION)
    with contextlib.redirect_stderr(io.StringIO()) as terminal:
        print_warning(warning)
    with comfyui_folders():
        nodes = nodes_warning_of(warning)
    return dict(zip(DOORS, (terminal.getvalue().rstrip("\n"), nodes, gimp), strict=True))


@functools.cache
def provoked(failure: Failure) -> tuple[str, dict[str, str]]:
    """(the error's type, what each door that can meet it shows) of a failure or a warning of the catalogue.

    This machine's folders are replaced by names.
    """
    with _empty_home() as folder:
        if failure in WARNINGS:
            (warning,) = failure.provoke(folder)  # type: ignore[misc]
            kind, said = "a warning", shown_warning(warning, failure.settings)
        else:
            with pytest.raises(CutsmithError) as caught:
                failure.provoke(folder)
            kind, said = type(caught.value).__name__, shown(caught.value, failure.settings)
        return kind, {door: _anywhere(said[door], folder) for door in failure.doors}


@contextlib.contextmanager
def _empty_home() -> Iterator[Path]:
    """A folder to do things in, on a machine whose user has no weights."""
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        folder = Path(place).resolve()
        for name in ("CUTSMITH_MODELS", "U2NET_HOME", "REMBG_HOME", "XDG_STATE_HOME"):
            patch.delenv(name, raising=False)
        patch.setenv("HOME", str(folder / "home"))
        for name in ("data", "cache"):
            patch.setenv(f"XDG_{name.upper()}_HOME", str(folder / "home" / name))
        patch.setenv("CUTSMITH_CACHE", str(folder / "home" / "cache" / "cutsmith"))
        (folder / "home").mkdir()
        (folder / "work").mkdir()
        patch.chdir(folder / "work")
        from cutsmith.pipeline.loading import forget_models

        forget_models()
        yield folder / "work"
        forget_models()


def _anywhere(text: str, folder: Path) -> str:
    for path, name in (
        (folder, "FOLDER"),
        (folder.parent / "home", "HOME"),
        (sys.executable, "/PYTHON"),
        (ROOT, "/CLONE"),
    ):
        text = text.replace(os.fspath(path), name)
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)


def told() -> str:
    """All failures and warnings as all doors show them, as told.txt has it."""
    return "\n".join(map(_paragraph, [*FAILURES, *WARNINGS]))


def _paragraph(failure: Failure) -> str:
    kind, said = provoked(failure)
    return "\n".join([f"{failure.title} ({kind})", *(_indented(door, text) for door, text in said.items()), ""])


def _indented(door: str, text: str) -> str:
    lines = text.split("\n")
    return "\n".join([f"  {door}:", *(f"    {line}".rstrip() for line in lines)])


TOLD = Path(__file__).parent / "told.txt"

if __name__ == "__main__":
    TOLD.write_text(told(), encoding="utf-8")
