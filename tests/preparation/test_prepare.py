from pathlib import Path

from installer.environment.extras import NOTHING, TEST_HOSTS
from installer.failure import InstallFailed
from installer.folders import Clone
from tests.hosts.preparation import chromium, comfyui_engine, gimp_tree, service_clients
from tests.hosts.preparation import prepare as preparation
from tests.hosts.preparation.prepare import prepare_hosts


def test_each_host_is_told_in_a_line_with_its_time_and_the_tests_learn_where_they_are(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(preparation, "prepare_comfyui", lambda clone, hosts, python: hosts / "comfyui")
    monkeypatch.setattr(preparation, "prepare_chromium", lambda hosts: Path("/usr/bin/chromium"))
    monkeypatch.setattr(preparation, "prepare_gimp", lambda hosts: hosts / "gimp" / "run")
    monkeypatch.setattr(preparation, "prepare_axe", lambda hosts: hosts / "axe.js")
    monkeypatch.setattr(preparation, "prepare_service_clients", lambda hosts, python: hosts / "service-clients")
    assert prepare_hosts(Clone(tmp_path), tmp_path / "hosts", Path("python")) == {
        "CUTSMITH_HOSTS": str(tmp_path / "hosts"),
        "CUTSMITH_CHROMIUM": "/usr/bin/chromium",
    }
    first, *lines = capsys.readouterr().out.splitlines()
    assert str(tmp_path / "hosts") in first
    assert lines == [
        f"ComfyUI is ready (0.0 s): {tmp_path / 'hosts' / 'comfyui'}",
        "Chromium is ready (0.0 s): /usr/bin/chromium",
        f"GIMP is ready (0.0 s): {tmp_path / 'hosts' / 'gimp' / 'run'}",
        f"axe-core is ready (0.0 s): {tmp_path / 'hosts' / 'axe.js'}",
        f"The set of service clients is ready (0.0 s): {tmp_path / 'hosts' / 'service-clients'}",
    ]


def test_one_that_cannot_be_had_is_told_with_the_reason_and_the_others_are_prepared(tmp_path, monkeypatch, capsys):
    def fail(clone, hosts, python):
        raise InstallFailed("pip failed", "Check the network.")

    monkeypatch.setattr(preparation, "prepare_comfyui", fail)
    monkeypatch.setattr(preparation, "prepare_chromium", lambda hosts: hosts / "chromium")
    monkeypatch.setattr(preparation, "prepare_gimp", lambda hosts: hosts / "gimp" / "run")
    monkeypatch.setattr(preparation, "prepare_axe", lambda hosts: hosts / "axe.js")
    monkeypatch.setattr(preparation, "prepare_service_clients", lambda hosts, python: hosts / "service-clients")
    assert "CUTSMITH_CHROMIUM" in prepare_hosts(Clone(tmp_path), tmp_path, Path("python"))
    said = capsys.readouterr().out
    assert "ComfyUI cannot be had: pip failed\n  Check the network." in said
    assert "Chromium is ready" in said


def test_help_adds_up_what_each_host_takes():
    assert sum((host.SIZE for host in (comfyui_engine, chromium, gimp_tree, service_clients)), NOTHING) == TEST_HOSTS
