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
    def fail(clone):
        raise raised

    monkeypatch.setattr(command_line, "run_demo", fail)
    assert command_line.main(["demo"]) == code
    assert words in capsys.readouterr().err
