"""Which of rembg's sessions are offered: told by the catalogue, compared with rembg itself."""

from __future__ import annotations

import importlib.util
import inspect
import subprocess
import sys

import pytest

from cutsmith.removal.rembg_session import session_names


@pytest.mark.torch
def test_those_that_run_here_from_a_name_alone_are_offered_each_once() -> None:
    from rembg.sessions import sessions

    def needs_more(session_class) -> bool:
        """Whether it asks for a model's file or a prompt."""
        source = inspect.getsource(session_class)
        return "model_path is required" in source or "sam_prompt" in source

    wanted = {name for name, each in sessions.items() if each.is_local() and not needs_more(each)}
    assert len(wanted) < len(sessions) - 4  # sam, three of the user's own files, remote services
    names = session_names()
    assert len(names) == len(set(names))
    assert set(names) == {f"rembg:{name}" for name in wanted}


def test_none_is_offered_where_rembg_is_not_installed(monkeypatch) -> None:
    original = importlib.util.find_spec

    def without_rembg(name, package=None):
        return None if name == "rembg" else original(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", without_rembg)
    assert session_names() == ()


@pytest.mark.torch
def test_asking_for_the_names_does_not_import_rembg() -> None:
    code = (
        "import sys; from cutsmith.removal.rembg_session import session_names\n"
        "print(len(session_names()), sorted({'rembg', 'onnxruntime'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    count, _, imported = done.stdout.strip().partition(" ")
    assert int(count) > 0
    assert imported == "[]"
