from pathlib import Path

import pytest

from installer import command_line
from installer.failure import InstallFailed


@pytest.fixture
def calls(monkeypatch):
    made = []

    def run_tests(clone, arguments, *, hosts, quick):
        made.append((arguments, {"hosts": hosts, "quick": quick}))
        return 5

    monkeypatch.setattr(command_line, "run_tests", run_tests)
    return made


@pytest.mark.parametrize(
    ("given", "passed_on", "chosen"),
    [
        (["test"], [], set()),
        (["test", "--hosts"], [], {"hosts"}),
        (["test", "--quick", "-n", "4"], ["-n", "4"], {"quick"}),
        (
            ["test", "-x", "--hosts", "-k", "stamp or box", "tests/core"],
            ["-x", "-k", "stamp or box", "tests/core"],
            {"hosts"},
        ),
        (["test", "--host", "--", "-q"], ["--host", "-q"], set()),
    ],
)
def test_what_test_does_not_know_goes_to_pytest_and_pytests_code_comes_back(calls, given, passed_on, chosen):
    assert command_line.main(given) == 5
    assert calls == [(passed_on, {name: name in chosen for name in ("hosts", "quick")})]


@pytest.mark.parametrize(
    ("raised", "code", "words"),
    [
        (InstallFailed("what was found", "what to do", 2), 2, "what was found\n  what to do"),
        (KeyboardInterrupt(), 130, "Interrupted"),
        (OSError(28, "No space left on device", "file"), 1, "No space left on device"),
    ],
)
def test_failures_are_words_and_an_exit_code(monkeypatch, capsys, raised, code, words):
    def fail(clone, extras):
        raise raised

    monkeypatch.setattr(command_line, "run_demo", fail)
    assert command_line.main(["demo"]) == code
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "extras"),
    [
        ([], []),
        (["--with", "sam2,text"], ["sam2", "text"]),
        (["--with", "sam2, heic", "--with=rembg"], ["sam2", "heic", "rembg"]),
    ],
)
def test_the_demo_is_given_the_extras_that_were_named(monkeypatch, given, extras):
    asked = []
    monkeypatch.setattr(command_line, "run_demo", lambda clone, extras: asked.append(extras))
    assert command_line.main(["demo", *given]) == 0
    assert asked == [extras]


@pytest.mark.parametrize("given", ["sam3", "text,sam3", "test", "", "sam2,"])
def test_an_extra_that_does_not_exist_is_wrong_usage_and_those_that_do_are_listed(monkeypatch, capsys, given):
    monkeypatch.setattr(command_line, "run_demo", lambda clone, extras: pytest.fail("ran"))
    with pytest.raises(SystemExit) as stopped:
        command_line.main(["demo", "--with", given])
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert repr(given.split(",")[-1]) in said
    assert "gcs, groundingdino, heic, jxl, pymatting, ray, rembg, s3, sam2, service, text, watch" in said


def test_comfyui_is_given_all_that_was_said(monkeypatch):
    asked = {}
    monkeypatch.setattr(command_line, "install_into_comfyui", lambda clone, folder, **options: asked.update(options))
    given = ["comfyui", "my ComfyUI", "--python", "its/python", "--with", "sam2,text", "--constraint", "a", "--quiet"]
    assert command_line.main(given) == 0
    assert asked == {
        "python": Path("its/python"),
        "extras": ["sam2", "text"],
        "constraint_files": [Path("a")],
        "quiet": True,
    }


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        (["gimp"], {"named": None, "extras": [], "python": None, "zip_file": None}),
        (
            ["gimp", "--gimp-dir", "my profile", "--with", "sam2", "--python", "its/python"],
            {"named": Path("my profile"), "extras": ["sam2"], "python": Path("its/python"), "zip_file": None},
        ),
        (["gimp", "--zip", "a.zip"], {"named": None, "extras": [], "python": None, "zip_file": Path("a.zip")}),
    ],
)
def test_gimp_is_given_all_that_was_said_and_its_code_comes_back(monkeypatch, given, asked):
    found = {}
    monkeypatch.setattr(command_line, "install_into_gimp", lambda clone, **options: found.update(options) or 1)
    assert command_line.main(given) == 1
    assert found == asked


def test_doctors_code_comes_back(monkeypatch):
    asked = []
    monkeypatch.setattr(command_line, "examine", lambda clone, named: asked.append(named) or 1)
    assert command_line.main(["doctor"]) == 1
    assert command_line.main(["doctor", "--gimp-dir", "x"]) == 1
    assert asked == [None, Path("x")]


def test_without_a_command_it_is_the_environment_that_runs_it(monkeypatch):
    asked = []
    monkeypatch.setattr(
        command_line, "install_into_host", lambda *given, **options: asked.append((*given[1:], options))
    )
    assert command_line.main([]) == 0
    assert command_line.main(["--with", "text", "--constraint", "a", "--constraint", "b", "--quiet"]) == 0
    assert asked == [([], [], {"quiet": False}), (["text"], [Path("a"), Path("b")], {"quiet": True})]


@pytest.mark.parametrize(
    "given", [["--with", "text", "demo"], ["--quiet", "comfyui", "x"], ["comfyui"], ["test", "--quick", "--hosts"]]
)
def test_options_in_the_wrong_place_or_together_and_a_missing_folder_are_wrong_usage(monkeypatch, given):
    for name in ("run_demo", "run_tests", "install_into_comfyui", "install_into_host"):
        monkeypatch.setattr(command_line, name, lambda *_, **__: pytest.fail("ran"))
    with pytest.raises(SystemExit) as stopped:
        command_line.main(given)
    assert stopped.value.code == 2
