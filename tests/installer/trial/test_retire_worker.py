"""Against a real worker, which the tests' own Python runs."""

import sys

import pytest

from cutsmith import __version__
from cutsmith.worker import client
from installer.gimp.config import Config
from installer.gimp.plug_in import place_plug_in
from installer.trial.worker_trial import retire_worker
from tests.core.worker.conftest import COMMAND, environment, is_alive, kill, short, wait_until
from tests.installer.stand_ins import make_plug_in_clone, make_profile

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rights of folders")


@pytest.fixture
def plug_in(tmp_path, monkeypatch):
    """A plug-in whose worker is met in a folder of this test's own."""
    runtime = short(tmp_path)
    runtime.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    profile = make_profile(tmp_path / "GIMP é 1")
    clone = make_plug_in_clone(tmp_path / "clone é 1")
    place_plug_in(profile, clone, Config(tuple(COMMAND), __version__, str(clone.root), "python3 install.py gimp"))
    return profile.place


def test_a_worker_that_runs_is_asked_to_end(plug_in, tmp_path) -> None:
    with client.connect(COMMAND, environment=environment(tmp_path)) as session:
        pid = session.welcome.pid
    retire_worker(plug_in)
    try:
        wait_until(lambda: not is_alive(pid))
    finally:
        if is_alive(pid):
            kill(pid)


def test_where_none_runs_nothing_is_started(plug_in, tmp_path) -> None:
    retire_worker(plug_in)
    with pytest.raises(client.WorkerNotRunning):
        client.connect()
