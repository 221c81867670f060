import sys
from pathlib import Path

import pytest

from installer.comfyui import folder as comfyui_folder
from installer.comfyui.folder import find_comfyui, find_interpreter
from installer.environment.interpreter import Interpreter
from installer.environment.virtual_environment import environment_python
from installer.failure import InstallFailed
from installer.folders import Clone
from tests.installer.stand_ins import make_comfyui


@pytest.fixture
def comfyui(tmp_path):
    return make_comfyui(tmp_path / "portable" / "ComfyUI")


@pytest.fixture
def clone(tmp_path):
    return Clone(tmp_path / "clone")


@pytest.fixture
def answers(monkeypatch):
    """Interpreters that do not have to run: each is an environment with torch, except for what is said of it."""
    said = {}
    monkeypatch.setattr(
        comfyui_folder,
        "ask",
        lambda python: Interpreter(
            **{"python": python, "version": (3, 11, 7), "is_environment": True, "has_torch": True, **said}
        ),
    )
    return said


def put_python(python):
    python.parent.mkdir(parents=True)
    python.touch()
    return python


def test_its_own_folder_and_the_one_around_a_portable_one_are_found(comfyui, monkeypatch):
    assert find_comfyui(comfyui) == comfyui
    assert find_comfyui(comfyui.parent) == comfyui
    monkeypatch.chdir(comfyui / "comfy")
    assert find_comfyui(Path("..")) == comfyui


@pytest.mark.parametrize("missing", ["main.py", "nodes.py", "folder_paths.py", "comfy", "custom_nodes"])
def test_a_folder_without_one_of_its_parts_is_no_comfyui_and_the_part_is_named(comfyui, missing):
    part = comfyui / missing
    part.unlink() if part.is_file() else part.rmdir()
    with pytest.raises(InstallFailed, match=f"is no ComfyUI: it has no {missing}"):
        find_comfyui(comfyui)


def test_a_folder_that_is_not_there_is_told_as_that(tmp_path):
    with pytest.raises(InstallFailed, match="there is no such folder"):
        find_comfyui(tmp_path / "nowhere")


def test_its_python_is_looked_for_where_comfyuis_have_it_in_this_order(comfyui, clone, answers):
    places = [
        environment_python(comfyui / ".venv"),
        environment_python(comfyui / "venv"),
        comfyui.parent / "python_embeded" / "python.exe",
    ]
    for python in reversed(places):
        assert find_interpreter(comfyui, None, clone).python != python
        put_python(python)
        assert find_interpreter(comfyui, None, clone).python == python


def test_the_chosen_one_comes_first_and_has_to_be_there(comfyui, clone, answers, tmp_path):
    put_python(environment_python(comfyui / ".venv"))
    chosen = put_python(tmp_path / "elsewhere" / "python")
    assert find_interpreter(comfyui, chosen, clone).python == chosen
    with pytest.raises(InstallFailed, match="There is no Python"):
        find_interpreter(comfyui, tmp_path / "nowhere", clone)


def test_the_running_one_is_taken_if_it_is_an_environment_but_not_the_clones_own(comfyui, clone, answers, monkeypatch):
    assert sys.prefix != sys.base_prefix, "the tests run in an environment"
    assert find_interpreter(comfyui, None, clone).python == Path(sys.executable)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "prefix", str(clone.environment))
        with pytest.raises(InstallFailed, match="Looked for"):
            find_interpreter(comfyui, None, clone)
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    with pytest.raises(InstallFailed) as stopped:
        find_interpreter(comfyui, None, clone)
    assert str(environment_python(comfyui / "venv")) in stopped.value.what
    assert "--python" in stopped.value.remedy


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"version": (3, 10, 13)}, "3.11 or newer is needed, and .* is 3.10.13"),
        ({"has_torch": False}, "does not look like ComfyUI's own Python: it has no torch"),
        ({"is_environment": False}, "the system's Python"),
    ],
)
def test_a_python_that_cannot_be_comfyuis_is_refused(comfyui, clone, answers, said, words):
    put_python(environment_python(comfyui / "venv"))
    answers |= said
    with pytest.raises(InstallFailed, match=words):
        find_interpreter(comfyui, None, clone)
