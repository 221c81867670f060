import base64
import hashlib
import io
import os
import tarfile

import pytest

from installer.failure import InstallFailed
from tests.hosts.preparation import axe_script
from tests.hosts.preparation.axe_script import NAME, PACKAGE, VERSION, prepare_axe

pytestmark = pytest.mark.usefixtures("own_folders")
SCRIPT = b"/* axe */"


@pytest.fixture
def packed(tmp_path, monkeypatch):
    """A package with the script, whose hash is the known one."""
    path = tmp_path / "made.tgz"
    with tarfile.open(path, "w:gz") as made:
        member = tarfile.TarInfo(axe_script.MEMBER)
        member.size = len(SCRIPT)
        made.addfile(member, io.BytesIO(SCRIPT))
    digest = base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    monkeypatch.setattr(axe_script.member_of, "__kwdefaults__", {"sha512": digest})
    return path


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """An npm that copies `made.tgz`, where it is there, and counts how often it was called."""
    if os.name == "nt":
        pytest.skip("the npm of these tests is a shell script")
    program = tmp_path / "bin" / "npm"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho called >> "{tmp_path}/calls"\n'
        f'cp "{tmp_path}/made.tgz" "$5/{PACKAGE}-{VERSION}.tgz" || {{ echo "no network" >&2; exit 1; }}\n'
    )
    program.chmod(0o755)
    monkeypatch.setattr(axe_script.shutil, "which", lambda name: str(program))
    return tmp_path / "calls"


def test_npm_fetches_it_once(tmp_path, packed, npm):
    hosts = tmp_path / "hosts"
    script = prepare_axe(hosts)
    assert script.read_bytes() == SCRIPT
    assert script.name == NAME
    assert prepare_axe(hosts) == script
    assert npm.read_text().count("called") == 1
    assert [path.name for path in hosts.iterdir()] == ["axe"]


def test_a_package_with_other_bytes_is_refused(tmp_path, packed, npm):
    with packed.open("ab") as file:
        file.write(b"more")
    with pytest.raises(InstallFailed, match="not what it should be"):
        prepare_axe(tmp_path / "hosts")
    assert not (tmp_path / "hosts" / "axe").exists()


def test_without_npm_or_a_network_the_reason_is_told(tmp_path, npm, monkeypatch):
    with pytest.raises(InstallFailed, match="no network"):
        prepare_axe(tmp_path / "hosts")
    monkeypatch.setattr(axe_script.shutil, "which", lambda name: None)
    with pytest.raises(InstallFailed, match="npm, which fetches axe-core, is not on the path"):
        prepare_axe(tmp_path / "hosts")
