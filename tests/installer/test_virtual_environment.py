from dataclasses import replace
from pathlib import Path

import pytest

from installer import virtual_environment
from installer.failure import InstallFailed
from installer.folders import Clone
from installer.stamp import read_stamp, write_stamp
from installer.virtual_environment import PRODUCT, PRODUCT_AND_TESTS, environment_python, prepare_environment


@pytest.fixture
def clone(tmp_path):
    made = Clone(tmp_path / "clone é 1")
    made.root.mkdir()
    made.project.write_text("[project]")
    made.constraints.write_text("numpy==2.4.6")
    return made


@pytest.fixture
def pip_calls(monkeypatch):
    """Stands in for pip, which would need the network: records what it is asked for."""
    calls = []
    monkeypatch.setattr(virtual_environment, "run_pip", lambda python, arguments, **_: calls.append(arguments))
    return calls


@pytest.fixture(autouse=True)
def _venv_without_pip(monkeypatch):
    """Real environments, made in a tenth of a second instead of five."""
    real = virtual_environment.subprocess.run

    def run(command, **options):
        return real([*command, "--without-pip"] if command[1:3] == ["-m", "venv"] else command, **options)

    monkeypatch.setattr(virtual_environment.subprocess, "run", run)


def test_the_first_run_makes_it_and_the_second_does_nothing(clone, pip_calls, capsys):
    python = prepare_environment(clone, PRODUCT)
    assert python == environment_python(clone.environment)
    assert python.exists()
    assert pip_calls == [["install", "--prefer-binary", "--editable", "."]]
    assert "275 MB" in capsys.readouterr().out
    prepare_environment(clone, PRODUCT)
    assert len(pip_calls) == 1
    assert capsys.readouterr().out == ""


def test_the_tests_add_their_extras_under_the_pins_and_the_demo_keeps_them(clone, pip_calls):
    prepare_environment(clone, PRODUCT)
    marker = clone.environment / "still the same environment"
    marker.touch()
    prepare_environment(clone, PRODUCT_AND_TESTS)
    prepare_environment(clone, PRODUCT)
    assert pip_calls[1:] == [
        ["install", "--prefer-binary", "--editable", ".[heic,rembg,test]", "--constraint", "constraints-test.txt"]
    ]
    assert marker.exists()
    clone.project.write_text("[project] # changed")
    prepare_environment(clone, PRODUCT)
    assert pip_calls[2][-1] == ".[heic,rembg,test]"


def test_a_run_that_was_interrupted_is_begun_anew(clone, monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(virtual_environment, "run_pip", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare_environment(clone, PRODUCT)
    half = clone.environment / "half-installed"
    half.touch()
    monkeypatch.setattr(virtual_environment, "run_pip", lambda *_, **__: None)
    prepare_environment(clone, PRODUCT)
    assert not half.exists()
    assert "did not finish" in capsys.readouterr().out
    assert read_stamp(clone.environment).complete


@pytest.mark.parametrize("harm", ["python is gone", "the clone was moved"])
def test_an_environment_that_cannot_work_is_made_anew(clone, pip_calls, harm):
    python = prepare_environment(clone, PRODUCT)
    if harm == "python is gone":
        python.unlink()
    else:
        write_stamp(clone.environment, replace(read_stamp(clone.environment), root="/elsewhere"))
    prepare_environment(clone, PRODUCT)
    assert python.exists()
    assert len(pip_calls) == 2


def test_an_empty_folder_left_by_a_killed_run_is_no_obstacle(clone, pip_calls):
    clone.environment.mkdir()
    assert prepare_environment(clone, PRODUCT).exists()


def test_a_link_is_not_followed(clone, pip_calls, tmp_path):
    theirs = tmp_path / "their environment"
    theirs.mkdir()
    (theirs / "pyvenv.cfg").touch()
    clone.environment.symlink_to(theirs)
    with pytest.raises(InstallFailed, match="did not make it"):
        prepare_environment(clone, PRODUCT)
    assert (theirs / "pyvenv.cfg").exists()


def test_a_python_without_ensurepip_is_told_which_package_brings_it(clone, pip_calls, monkeypatch):
    real = virtual_environment.importlib.util.find_spec
    monkeypatch.setattr(
        virtual_environment.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else real(name)
    )
    with pytest.raises(InstallFailed) as stopped:
        prepare_environment(clone, PRODUCT)
    assert "venv" in stopped.value.remedy
    if Path("/etc/debian_version").exists():
        assert "apt install python3-venv" in stopped.value.remedy
    assert not clone.environment.exists()


def test_a_file_in_its_place_is_not_ours(clone, pip_calls):
    clone.environment.write_text("theirs")
    with pytest.raises(InstallFailed, match="did not make it"):
        prepare_environment(clone, PRODUCT)
    assert clone.environment.read_text() == "theirs"
