import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from installer.failure import InstallFailed
from installer.folders import HOST_STAMP
from tests.hosts.preparation import gimp_tree
from tests.hosts.preparation.gimp_tree import (
    find_mirror,
    mirror_of,
    prepare_gimp,
    remove_tree,
    why_no_tree,
    why_unusable,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a Debian in a folder takes Linux")


def make_run(home, says="GNU Image Manipulation Program version 3.0.4", is_ours=True):
    """A start script that tells a version, with or without this installer's stamp beside it."""
    home.mkdir(parents=True)
    run = home / "run"
    run.write_text(f'#!/bin/sh\necho "{says}"\n')
    run.chmod(0o755)
    if is_ours:
        (home / HOST_STAMP).write_text(json.dumps({"suite": "trixie", "packages": list(gimp_tree.PACKAGES)}))
    return run


@pytest.fixture
def debian(monkeypatch):
    """Stands in for Debian's archive: what is made has a start script that tells `debian["says"]`."""
    made = {"says": "GNU Image Manipulation Program version 3.0.4", "no python": False, "suites": []}

    def bootstrap(folder, root, suite, mirror):
        made["suites"].append((suite, mirror))
        for name in ("usr/share/doc", "usr/share/locale/de"):
            (root / name).mkdir(parents=True)

    def install(root):
        batch = "[ $# = 2 ] || exit 64\n" if made["no python"] else ""
        (root.parent / "run").write_text(f'#!/bin/sh\n{batch}echo "{made["says"]}"\n')

    monkeypatch.setattr(gimp_tree, "_bootstrap", bootstrap)
    monkeypatch.setattr(gimp_tree, "_install_packages", install)
    monkeypatch.setattr(gimp_tree, "why_no_tree", lambda: "")
    monkeypatch.setattr(gimp_tree, "find_mirror", lambda: "archive")
    return made


def test_one_that_runs_is_taken_as_it_is(tmp_path, debian) -> None:
    run = make_run(tmp_path / "gimp")
    assert prepare_gimp(tmp_path) == run
    assert debian["suites"] == []


def test_one_is_made_with_what_nobody_reads_left_out(tmp_path, debian) -> None:
    run = prepare_gimp(tmp_path)
    assert debian["suites"] == [("trixie", "archive")]
    assert why_unusable(run) == ""
    assert json.loads((run.parent / HOST_STAMP).read_text())["suite"] == "trixie"
    assert list((run.parent / "root/usr/share/locale").iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["gimp"], "nothing half-made is left beside it"


def test_one_that_does_not_run_any_more_is_made_anew(tmp_path, debian) -> None:
    make_run(tmp_path / "gimp", says="no such library")
    assert why_unusable(prepare_gimp(tmp_path)) == ""
    assert len(debian["suites"]) == 1


def test_one_that_does_not_run_when_it_was_made_is_not_kept(tmp_path, debian) -> None:
    debian["says"] = "GNU Image Manipulation Program version 2.10.34"
    with pytest.raises(InstallFailed, match="does not run in the folder that was made for it"):
        prepare_gimp(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_one_whose_gimp_has_no_python_is_not_kept(tmp_path, debian) -> None:
    debian["no python"] = True
    with pytest.raises(InstallFailed, match="does not run in the folder that was made for it"):
        prepare_gimp(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stamp", ["{}", "{", '{"suite": "forky", "packages": []}'])
def test_one_that_was_made_from_something_else_is_made_anew(tmp_path, debian, stamp) -> None:
    run = make_run(tmp_path / "gimp")
    (run.parent / HOST_STAMP).write_text(stamp)
    assert prepare_gimp(tmp_path) == run
    assert debian["suites"] == [("trixie", "archive")]
    assert prepare_gimp(tmp_path, "forky") == run
    assert debian["suites"][1:] == [("forky", "archive")]


def test_too_little_room_is_told_before_anything_is_fetched(tmp_path, debian, monkeypatch) -> None:
    def full(folder, megabytes):
        raise InstallFailed(f"{megabytes} MB are needed")

    monkeypatch.setattr(gimp_tree, "require_space", full)
    with pytest.raises(InstallFailed, match=f"{gimp_tree.ROOM} MB are needed"):
        prepare_gimp(tmp_path)
    assert debian["suites"] == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("missing", [[], ["wget"], ["wget", "gpgv"]])
def test_what_the_bootstrap_needs_is_fetched_beside_it_where_it_is_not_there(tmp_path, monkeypatch, missing) -> None:
    asked, ran = [], []

    def unpack(files, root):
        (root / "usr/lib/x86_64-linux-gnu").mkdir(parents=True)
        (root / "usr/lib/x86_64-linux-gnu/libpsl.so.5").touch()

    def run(command, environment=None, seconds=None):
        ran.append((command, environment))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(gimp_tree, "fetch_packages", lambda work, packages, *, alone: asked.append((packages, alone)))
    monkeypatch.setattr(gimp_tree, "unpack_packages", unpack)
    monkeypatch.setattr(gimp_tree.shutil, "which", lambda name: None if name in missing else name)
    monkeypatch.setattr(gimp_tree, "run_captured", run)
    gimp_tree._bootstrap(tmp_path, tmp_path / "root", "trixie", "archive")
    assert asked == [(missing, ["debootstrap"])]
    command, environment = ran[-1]
    assert command[-4:] == [
        "trixie",
        str(tmp_path / "root"),
        "archive",
        f"{tmp_path}/debootstrap/usr/share/debootstrap/scripts/sid",
    ]
    assert environment.get("PATH", "").startswith(f"{tmp_path}/debootstrap/usr/bin") == bool(missing)
    assert environment.get("LD_LIBRARY_PATH", "") == (
        f"{tmp_path}/debootstrap/usr/lib/x86_64-linux-gnu" if missing else ""
    )


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path, debian) -> None:
    theirs = make_run(tmp_path / "gimp", is_ours=False)
    with pytest.raises(InstallFailed, match="did not make it"):
        prepare_gimp(tmp_path)
    assert theirs.exists()


def test_where_it_cannot_be_had_the_reason_is_told(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(gimp_tree, "why_no_tree", lambda: "that takes root")
    with pytest.raises(InstallFailed, match="that takes root"):
        prepare_gimp(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="says so first where it is not root")
def test_a_missing_program_is_named(monkeypatch) -> None:
    which = gimp_tree.shutil.which
    monkeypatch.setattr(gimp_tree.shutil, "which", lambda name: None if name == "unshare" else which(name))
    assert "unshare" in why_no_tree()


def test_root_is_needed(monkeypatch) -> None:
    monkeypatch.setattr(gimp_tree, "why_not", lambda: "")
    monkeypatch.setattr(gimp_tree.shutil, "which", lambda name: name)
    monkeypatch.setattr(gimp_tree.os, "geteuid", lambda: 1000)
    assert why_no_tree() == "that takes root"


@pytest.mark.parametrize(
    ("targets", "site"),
    [
        ("http://a/debian/ bookworm main", "http://a/debian/"),
        ("http://s/sec/ bookworm-security main\nhttp://b/debian/ bookworm main", "http://b/debian/"),
        ("http://node/ nodistro main\nhttp://c/ stable main", "http://c/"),
        ("http://d/debian/ bookworm contrib", ""),
        ("", ""),
    ],
)
def test_the_archive_is_the_one_that_this_release_comes_from(targets, site) -> None:
    assert mirror_of(targets, "bookworm") == site


def test_what_a_killed_run_left_is_removed_but_not_what_is_mounted_in_it(tmp_path, debian, monkeypatch) -> None:
    left = tmp_path / "gimp-unfinished" / "left"
    left.mkdir(parents=True)

    def held(home):
        raise InstallFailed(f"{home.name} cannot be removed")

    monkeypatch.setattr(gimp_tree, "remove_tree", held)
    with pytest.raises(InstallFailed, match="gimp-unfinished cannot be removed"):
        prepare_gimp(tmp_path)
    assert left.exists()
    monkeypatch.setattr(gimp_tree, "remove_tree", remove_tree)
    prepare_gimp(tmp_path)
    assert not left.exists()


def test_what_is_no_debian_is_told(tmp_path) -> None:
    (tmp_path / "os-release").write_text('NAME="Other"\nID=other\n')
    with pytest.raises(InstallFailed, match="this is other"):
        find_mirror(tmp_path / "os-release")


def test_a_tree_with_a_mount_in_it_is_not_removed(tmp_path, monkeypatch) -> None:
    home = make_run(tmp_path / "my hosts é" / "gimp").parent
    table = tmp_path / "mountinfo"
    table.write_text(
        f"36 35 98:0 / {str(home.resolve() / 'root' / 'host').replace(' ', chr(92) + '040')} rw - ext4 /dev/x rw\n"
    )
    read = Path.read_text
    monkeypatch.setattr(
        Path, "read_text", lambda self, **kinds: read(table if str(self) == "/proc/self/mountinfo" else self, **kinds)
    )
    with pytest.raises(InstallFailed, match="is mounted in it"):
        remove_tree(home)
    assert home.exists()
    table.write_text("36 35 98:0 / /elsewhere rw - ext4 /dev/x rw\n")
    remove_tree(home)
    assert not home.exists()
