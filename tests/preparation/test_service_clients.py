import json
from pathlib import Path

import pytest

from installer.failure import InstallFailed
from installer.folders import HOST_STAMP
from tests.hosts.preparation import service_clients
from tests.hosts.preparation.service_clients import NPM_CLIENT, PYTHON_CLIENTS, prepare_service_clients

pytestmark = pytest.mark.usefixtures("own_folders")


@pytest.fixture
def fetched(tmp_path, monkeypatch):
    """What pip and npm are asked for; neither fetches anything."""
    asked = []
    integrity = {"packages": {f"node_modules/{NPM_CLIENT}": {"integrity": service_clients.NPM_INTEGRITY}}}

    def pip(python, arguments, *, folder, doing):
        asked.append((doing, arguments))

    def npm(command, seconds):
        asked.append(("npm", command))
        into = command[command.index("--prefix") + 1]
        Path(into, "package-lock.json").write_text(json.dumps(integrity))
        return service_clients.run_captured(["true"])

    captured = service_clients.run_captured
    monkeypatch.setattr(service_clients, "run_pip", pip)
    monkeypatch.setattr(service_clients, "run_captured", lambda command, seconds=None: (
        captured(command) if command == ["true"] else npm(command, seconds)
    ))  # fmt: skip
    monkeypatch.setattr(service_clients.shutil, "which", lambda name: f"/usr/bin/{name}")
    return asked, integrity


def test_each_client_is_fetched_once_into_a_folder_of_its_own(tmp_path, fetched, capsys):
    asked, _ = fetched
    home = prepare_service_clients(tmp_path, tmp_path / "python")
    assert "MB" in capsys.readouterr().out
    targets = [arguments[arguments.index("--target") + 1] for doing, arguments in asked if doing != "npm"]
    for client in PYTHON_CLIENTS:
        assert any(target.endswith(client.name) for target in targets)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("service-clients")] == ["service-clients"]
    count = len(asked)
    assert prepare_service_clients(tmp_path, tmp_path / "python") == home
    assert len(asked) == count


def test_they_are_made_anew_where_others_are_wanted(tmp_path, fetched):
    asked, _ = fetched
    home = prepare_service_clients(tmp_path, tmp_path / "python")
    count = len(asked)
    (home / HOST_STAMP).write_text("{}")
    prepare_service_clients(tmp_path, tmp_path / "python")
    assert len(asked) == 2 * count


def test_a_package_that_is_not_the_known_one_is_refused(tmp_path, fetched):
    _, integrity = fetched
    integrity["packages"][f"node_modules/{NPM_CLIENT}"]["integrity"] = "sha512-other"
    with pytest.raises(InstallFailed, match="not what it should be"):
        prepare_service_clients(tmp_path, tmp_path / "python")
    assert not (tmp_path / "service-clients").exists()


def test_somebody_elses_folder_is_left_alone_and_a_missing_npm_is_told(tmp_path, fetched, monkeypatch):
    monkeypatch.setattr(service_clients.shutil, "which", lambda name: None)
    with pytest.raises(InstallFailed, match="npm"):
        prepare_service_clients(tmp_path, tmp_path / "python")
    (tmp_path / "service-clients").mkdir()
    with pytest.raises(InstallFailed):
        prepare_service_clients(tmp_path, tmp_path / "python")
