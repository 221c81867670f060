"""No result replaces a file that the call reads, whatever the name that leads to it."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cutsmith.errors import OutputExists, OutputRefused
from cutsmith.picture import Originals, Picture, check_output, destination, originals, write_bytes_atomically
from cutsmith.picture.originals import Places, folder_place
from cutsmith.result.cutout import Cutout

posix = pytest.mark.skipif(os.name != "posix", reason="links and folders of POSIX")


@pytest.fixture
def photo(tmp_path) -> Path:
    path = tmp_path / "pictures" / "photo.png"
    path.parent.mkdir()
    Picture(np.full((20, 30, 3), 90, np.uint8)).save(path)
    return path


def symbolic_link(photo, folder):
    (folder / "out.png").symlink_to(photo)
    return folder / "out.png"


def link_to_a_link(photo, folder):
    symbolic_link(photo, folder)
    (folder / "again.png").symlink_to("out.png")
    return folder / "again.png"


def hard_link(photo, folder):
    (folder / "out.png").hardlink_to(photo)
    return folder / "out.png"


def folder_that_is_a_link(photo, folder):
    (folder / "results").symlink_to(photo.parent)
    return folder / "results" / photo.name


def way_up(photo, folder):
    return folder / "pictures" / ".." / "pictures" / photo.name


def itself(photo, folder):
    return photo


WAYS = [symbolic_link, link_to_a_link, hard_link, folder_that_is_a_link, way_up, itself]


@posix
@pytest.mark.parametrize("way", WAYS)
def test_an_original_is_seen_through_every_name(tmp_path, photo, way):
    before = photo.read_bytes()
    path = way(photo, tmp_path)
    kept = Originals([photo])
    assert kept.behind(path) == str(photo)
    for refused in (
        lambda: check_output(path, overwrite=True, originals=kept),
        lambda: write_bytes_atomically(b"new", path, overwrite=True, originals=kept),
    ):
        with pytest.raises(OutputRefused, match="would be replaced") as caught:
            refused()
        assert caught.value.cures
    assert photo.read_bytes() == before
    assert not list(tmp_path.rglob(".cutsmith*"))


@posix
def test_an_open_descriptor_leads_to_the_original(photo):
    with photo.open("rb") as stream:
        kept = Originals([], [stream.fileno()])
        assert kept.behind(photo) == "standard input"
        assert Originals([photo]).behind(stream.fileno()) == str(photo)
        if Path("/proc/self/fd").is_dir():
            assert Originals([photo]).behind(f"/proc/self/fd/{stream.fileno()}") == str(photo)


@posix
def test_other_files_are_no_originals(tmp_path, photo):
    kept = Originals([photo, tmp_path / "missing.png", os.devnull, tmp_path])
    other = photo.with_name("other.png")
    other.write_bytes(b"old")
    assert kept.behind(other) is None
    assert kept.behind(os.devnull) is None
    assert kept.behind(tmp_path / "pictures") is None
    assert kept.behind(tmp_path / "a\0b") is None
    assert write_bytes_atomically(b"new", other, overwrite=True, originals=kept).read_bytes() == b"new"


def test_a_missing_original_is_known_by_its_name(tmp_path):
    kept = Originals([tmp_path / "later.png"])
    assert kept.behind(tmp_path / "x" / ".." / "later.png") == str(tmp_path / "later.png")
    assert kept.behind(tmp_path / "Later.png") is None, "another file, where case counts"


def test_an_original_that_is_replaced_meanwhile_is_still_one(tmp_path, photo):
    kept = Originals([photo])
    new = tmp_path / "edited.png"
    new.write_bytes(b"edited by somebody")
    new.replace(photo)  # as editors save: another file under the same name
    with pytest.raises(OutputRefused):
        write_bytes_atomically(b"new", photo, overwrite=True, originals=kept)
    assert photo.read_bytes() == b"edited by somebody"


@posix
@pytest.mark.parametrize("nameless", [True, False])
def test_an_output_that_becomes_the_original_during_the_writing_is_left_alone(tmp_path, photo, nameless, monkeypatch):
    """What the writer replaces is what was looked at last: between the first look and the last the name is changed."""
    if not nameless:
        monkeypatch.setattr(destination, "_write_unnamed", lambda *_: False)
    output, before = tmp_path / "out.png", photo.read_bytes()
    output.write_bytes(b"old")
    real = os.fsync

    def swapped(descriptor):
        if not output.samefile(photo):
            output.unlink()
            output.hardlink_to(photo)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", swapped)
    with pytest.raises(OutputRefused):
        write_bytes_atomically(b"new", output, overwrite=True, originals=Originals([photo]))
    assert photo.read_bytes() == output.read_bytes() == before
    assert not list(tmp_path.rglob(".cutsmith*"))


@posix
def test_a_device_that_has_become_a_file_is_not_emptied(tmp_path, photo, monkeypatch):
    before = photo.read_bytes()
    monkeypatch.setattr(destination, "_is_special", lambda _: True)
    with pytest.raises(OutputExists):
        write_bytes_atomically(b"new", photo, overwrite=True)
    assert photo.read_bytes() == before


@pytest.mark.parametrize("number", [0, 77])
def test_two_names_of_one_file_are_told_by_device_and_number(tmp_path, photo, number, monkeypatch):
    """As on a file system that ignores case, or under a second mount; where there are no numbers, by the name alone."""
    real = os.stat
    names = {str(photo), str(photo.with_name("PHOTO.PNG"))}

    def stat(path, **options):
        if str(path) in names:
            return SimpleNamespace(st_mode=0o100644, st_dev=5, st_ino=number)
        return real(path, **options)

    monkeypatch.setattr(originals.os, "stat", stat)
    kept = Originals([photo])
    assert kept.behind(photo) == str(photo)
    assert kept.behind(photo.with_name("PHOTO.PNG")) == (str(photo) if number else None)


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root to mount a folder a second time")
def test_a_second_mount_of_the_folder_is_seen_through(tmp_path, photo):
    (tmp_path / "mounted").mkdir()
    mounted = subprocess.run(
        ["mount", "--bind", photo.parent, tmp_path / "mounted"], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"nothing may be mounted here: {mounted.stderr.strip()}")
    try:
        assert Originals([photo]).behind(tmp_path / "mounted" / photo.name) == str(photo)
        assert folder_place(str(tmp_path / "mounted")) == folder_place(str(photo.parent))
    finally:
        subprocess.run(["umount", tmp_path / "mounted"], check=True)


@posix
@pytest.mark.parametrize("way", WAYS)
def test_a_cut_out_never_replaces_its_own_picture(tmp_path, photo, way):
    before = photo.read_bytes()
    picture = Picture.read(photo)
    cutout = Cutout(picture, np.ones((20, 30), np.float32), picture.pixels, np.ones((20, 30), np.float32), {})
    path = way(photo, tmp_path)
    for save in (cutout.save, cutout.save_mask, cutout.on("white").save, picture.save):
        with pytest.raises(OutputRefused, match="would be replaced"):
            save(path, overwrite=True)
    assert photo.read_bytes() == before
    other = tmp_path / "other.png"
    assert cutout.save(other) == cutout.save(other, overwrite=True) == other


@posix
def test_places_see_through_links_and_know_files_that_do_not_exist_yet(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "one.png").symlink_to(tmp_path / "new.png")
    place = Places(fold=True)
    at = lambda *parts: place(str(tmp_path.joinpath(*parts)))  # noqa: E731
    assert at("link", "new", "a.png") == at("real", "new", "a.png") == at("real", "NEW", "A.png")
    assert at("one.png") == at("new.png")
    assert at("café.png") == at("cafe\u0301.png")
    assert at("straße.png") == at("STRASSE.png")
    assert at("a.png") != at("real", "a.png")
    exact = Places(fold=False)
    assert exact(str(tmp_path / "a.png")) != exact(str(tmp_path / "A.png"))
    assert exact(str(tmp_path / "café.png")) != exact(str(tmp_path / "cafe\u0301.png"))


def test_a_full_disk_is_told_as_before(tmp_path, photo, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputRefused, match="No space left"):
        write_bytes_atomically(b"new", tmp_path / "out.png", overwrite=True, originals=Originals([photo]))
