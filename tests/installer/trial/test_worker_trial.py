"""Against the real worker, for which the tests' own Python runs Cutsmith as .venv's does."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cutsmith import __version__
from cutsmith.worker import client
from cutsmith.worker.rendezvous import KEY_FILE
from installer.failure import InstallFailed
from installer.gimp.config import Config
from installer.gimp.plug_in import place_plug_in
from installer.trial import worker_trial
from installer.trial.worker_trial import try_worker
from tests.core.conftest import isnet_weights
from tests.core.worker.conftest import COMMAND, environment, short, wait_until
from tests.installer.stand_ins import ROOT, make_plug_in_clone, make_profile

__all__ = ["isnet_weights"]


@pytest.fixture
def clone(tmp_path):
    """A clone with the real plug-in."""
    clone = make_plug_in_clone(tmp_path / "clone é 1")
    shutil.rmtree(clone.plug_in)
    shutil.copytree(ROOT / "gimp_plugin" / "cutsmith", clone.plug_in)
    return clone


@pytest.fixture(autouse=True)
def runtime(tmp_path, monkeypatch):
    """A folder of this test's own to meet the worker in; nothing runs there when the test ends."""
    folder = short(tmp_path)
    folder.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield folder / "cutsmith"
    with pytest.raises(client.WorkerNotRunning):
        client.connect(folder=folder / "cutsmith")


@pytest.fixture
def put(tmp_path, clone):
    """Puts the plug-in with a config into a profile, and tries it."""

    def put(config):
        profile = make_profile(tmp_path / "GIMP é 1")
        place_plug_in(profile, clone, config)
        before = sorted(profile.place.rglob("*"))
        try:
            return try_worker(profile.place, config)
        finally:
            assert sorted(profile.place.rglob("*")) == before, "nothing is left there, such as compiled files"

    return put


@pytest.fixture
def config(clone):
    return Config((sys.executable, "-m", "cutsmith"), __version__, str(clone.root), "python3 install.py gimp")


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A home without weights."""
    for variable in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "REMBG_HOME", "U2NET_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    # What the shell has counts for nothing: the config has it not.
    monkeypatch.setenv("CUTSMITH_MODELS", str(Path.home()))


@pytest.fixture
def script(tmp_path):
    """An interpreter that is a script."""
    if sys.platform == "win32":
        pytest.skip("a script with a #! line")

    def make(line):
        path = tmp_path / "python é"
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)
        return (str(path), "-m", "cutsmith")

    return make


@pytest.mark.weights
@pytest.mark.slow
def test_a_picture_is_cut_out_by_the_plug_ins_own_files_and_config(put, config, isnet_weights, tmp_path):
    config = replace(config, environment={"CUTSMITH_MODELS": str(isnet_weights.parent)})
    words = put(config)
    assert words.startswith(f"Cutsmith {__version__} cut a small picture out with {isnet_weights.stem}")
    # Through the socket, with the settings of a new dialog: the edge was worked out, too.
    log = (tmp_path / "state/cutsmith/log/worker.log").read_text(encoding="utf-8")
    assert "listens in" in log
    assert "a client: install.py" in log
    assert ", matting " in log


@pytest.mark.weights
@pytest.mark.slow
def test_a_worker_that_runs_is_the_one_that_is_tried_and_goes_on(put, config, isnet_weights, tmp_path, runtime):
    variables = {"CUTSMITH_MODELS": str(isnet_weights.parent), **environment(tmp_path / "state")}
    with client.connect(COMMAND, environment=variables) as session:
        put(config)
        assert session.run("ping").header["pid"] == session.welcome.pid
        session.run("stop")
    wait_until(lambda: not list(runtime.iterdir()))


def test_without_weights_it_names_the_command_that_fetches_them(put, config, elsewhere):
    with pytest.raises(InstallFailed, match="weights of the default model are not") as failed:
        put(config)
    assert failed.value.remedy == f'"{sys.executable}" -m cutsmith models fetch isnet-general-use'


def test_another_version_is_said(put, config, elsewhere):
    with pytest.raises(InstallFailed, match=rf"do not match: .*ours is 9\.9\.9, theirs is {__version__}") as failed:
        put(replace(config, version="9.9.9"))
    assert config.install in failed.value.remedy


def test_an_interpreter_that_is_gone_is_said(put, config, tmp_path):
    with pytest.raises(InstallFailed, match=r"There is no .*/gone/python any more") as failed:
        put(replace(config, command=(str(tmp_path / "gone/python"), "-m", "cutsmith")))
    assert failed.value.remedy == config.install


def test_one_that_has_no_cutsmith_is_told_in_its_own_words(put, config, script):
    with pytest.raises(InstallFailed, match=r"did not start\. .*exit code 1 .*: No module named cutsmith") as failed:
        put(replace(config, command=script("echo No module named cutsmith >&2; exit 1")))
    assert config.install in failed.value.remedy


def test_one_that_cannot_be_run_is_said(put, config, script):
    command = script("")
    Path(command[0]).chmod(0o644)
    with pytest.raises(InstallFailed, match="cannot be run: Permission denied"):
        put(replace(config, command=command))


def test_one_that_hangs_is_ended(put, config, script, monkeypatch):
    monkeypatch.setattr(worker_trial, "SECONDS", 0.6)
    with pytest.raises(InstallFailed, match=r"did not answer within 0\.6 seconds"):
        put(replace(config, command=script("sleep 60")))


def test_a_plug_in_whose_files_are_broken_was_not_tried(put, config, clone):
    (clone.root / "core/cutsmith/worker/session.py").write_text("!")
    with pytest.raises(InstallFailed, match=r"was not tried:\n[^!]+!\n"):
        put(config)


def test_a_folder_that_is_open_to_others_is_told_in_the_plug_ins_words(put, config, elsewhere, runtime) -> None:
    runtime.mkdir()
    (runtime / KEY_FILE).write_text("00" * 32, encoding="ascii")
    runtime.chmod(0o777)
    with pytest.raises(InstallFailed, match="It is not safe to connect to the engine"):
        put(config)
    (runtime / KEY_FILE).unlink()
