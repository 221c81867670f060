import pytest

from installer import command_line
from installer.failure import InstallFailed


@pytest.fixture
def calls(monkeypatch):
    made = []

    def run_tests(clone, arguments, *, hosts):
        made.append((arguments, hosts))
        return 5

    monkeypatch.setattr(command_line, "run_tests", run_tests)
    return made


@pytest.mark.parametrize(
    ("given", "passed_on", "hosts"),
    [
        (["test"], [], False),
        (["test", "--hosts"], [], True),
        (
            ["test", "-x", "--hosts", "-k", "stamp or box", "tests/core"],
            ["-x", "-k", "stamp or box", "tests/core"],
            True,
        ),
        (["test", "--host", "--", "-q"], ["--host", "-q"], False),
    ],
)
def test_what_test_does_not_know_goes_to_pytest_and_pytests_code_comes_back(calls, given, passed_on, hosts):
    assert command_line.main(given) == 5
    assert calls == [(passed_on, hosts)]


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
    assert "groundingdino, heic, rembg, sam2, text" in said
