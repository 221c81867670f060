import sys
from pathlib import Path

import pytest

from installer.environment.pip_command import advice, run_pip
from installer.failure import InstallFailed


@pytest.mark.parametrize(
    ("last_words", "first_words_of_advice"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "The disk is full"),
        (
            "WARNING: Retrying after connection broken by 'NewConnectionError(... Name or service not known'\n"
            "ERROR: No matching distribution found for numpy",
            "The package index cannot be reached",
        ),
        ("ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407'))", "The proxy refused"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate", "The connection's certificate"),
        ("ERROR: No matching distribution found for numba>=0.60", "A package has no ready-made file"),
        ("ERROR: ResolutionImpossible: for help visit", "The versions wanted do not fit"),
        (
            "some packages in these conflicts have no matching distributions available\nERROR: ResolutionImpossible",
            "The package index cannot be reached, or it has no",
        ),
        ("something that nobody foresaw", "Try again"),
    ],
)
def test_each_kind_of_failure_gets_its_own_advice(last_words, first_words_of_advice):
    assert advice(last_words).startswith(first_words_of_advice)


def test_a_failure_shows_the_last_words_of_the_real_pip(tmp_path):
    with pytest.raises(InstallFailed) as stopped:
        run_pip(
            Path(sys.executable),
            ["install", "--dry-run", "--no-index", "no-such-package-of-ours"],
            folder=tmp_path,
            doing="trying",
        )
    assert "pip failed while trying" in stopped.value.what
    assert "no-such-package-of-ours" in stopped.value.what
    assert stopped.value.remedy


def test_success_is_silent(tmp_path, capfd):
    run_pip(Path(sys.executable), ["--version"], folder=tmp_path, doing="trying")
    assert capfd.readouterr() == ("", "")


def test_variables_reach_pip_beside_those_that_are_there(tmp_path, monkeypatch):
    log = tmp_path / "pip's own log"
    monkeypatch.setenv("PIP_LOG", str(tmp_path / "elsewhere"))
    run_pip(Path(sys.executable), ["cache", "dir"], folder=tmp_path, doing="trying", variables={"PIP_LOG": str(log)})
    assert [path.name for path in tmp_path.iterdir()] == [log.name]
