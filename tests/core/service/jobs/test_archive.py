"""Zips, and what some of them try."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from cutsmith.service.failures import BadForm, BodyTooLarge
from cutsmith.service.jobs.archive import Limits, unpack
from tests.core.service.jobs.pictures import picture, zipped

LIMITS = Limits(pictures=5, picture_bytes=10_000, bytes=20_000)


@pytest.fixture
def unpacked(tmp_path):
    """Unpacks these bytes; -> the paths. What lies elsewhere afterwards fails the test."""

    def run(data: bytes, limits: Limits = LIMITS) -> list[str]:
        (tmp_path / "upload.zip").write_bytes(data)
        (tmp_path / "inputs").mkdir()
        return unpack(tmp_path / "upload.zip", tmp_path / "inputs", limits)

    yield run
    assert {path.name for path in tmp_path.iterdir()} == {"upload.zip", "inputs"}
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))


def test_members_become_files_in_their_folders(unpacked, tmp_path) -> None:
    names = unpacked(zipped({"a.png": picture(1), "shop/b.png": picture(2), "shop\\c.png": picture(3), "empty/": b""}))
    assert names == ["a.png", "shop/b.png", "shop/c.png"]
    assert (tmp_path / "inputs" / "shop" / "b.png").read_bytes() == picture(2)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_all_usual_compressions_are_read(unpacked, tmp_path, method) -> None:
    unpacked(zipped({"a.png": picture(1)}, method))
    assert (tmp_path / "inputs" / "a.png").read_bytes() == picture(1)


def test_names_are_made_safe_and_distinct(unpacked) -> None:
    members = {"nul.png": b"1", "A.png": b"2", "a.png": b"3", "b?:.png ": b"4", f"{'ä' * 300}.png": b"5"}
    names = unpacked(zipped(members))
    assert names[:4] == ["_nul.png", "A.png", "a-2.png", "b__.png"]
    assert names[4].endswith(".png")
    assert len(names[4].encode()) <= 180


def test_what_systems_put_in_is_left_out(unpacked) -> None:
    members = {"__MACOSX/._a.png": b"1", ".DS_Store": b"2", "shop/.git/x": b"3", "a.png": b"4"}
    assert unpacked(zipped(members)) == ["a.png"]


@pytest.mark.parametrize(
    "name", ["../a.png", "shop/../../a.png", "/etc/a.png", "\\a.png", "C:\\a.png", "c:a.png", "..\\a.png", "a/.."]
)
def test_no_member_leads_elsewhere(unpacked, name) -> None:
    with pytest.raises(BadForm, match="leads out of it"):
        unpacked(zipped({"good.png": b"1", name: b"2"}))


def test_a_link_is_refused(unpacked) -> None:
    link = zipfile.ZipInfo("link.png")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    told = io.BytesIO()
    with zipfile.ZipFile(told, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(BadForm, match="has a link in it"):
        unpacked(told.getvalue())


@pytest.mark.parametrize("name", ["more.zip", "more.png"])
def test_a_zip_in_a_zip_is_refused(unpacked, name) -> None:
    with pytest.raises(BadForm, match="another zip in it"):
        unpacked(zipped({name: zipped({"a.png": b"1"})}))


def test_an_encrypted_zip_is_refused(unpacked) -> None:
    data = bytearray(zipped({"a.png": picture()}))
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.index(mark) + offset] |= 1
    with pytest.raises(BadForm, match="is encrypted"):
        unpacked(bytes(data))


def test_too_many_members_are_refused(unpacked) -> None:
    with pytest.raises(BodyTooLarge, match="at most 5 pictures"):
        unpacked(zipped({f"{number}.png": b"1" for number in range(6)}))


def test_a_member_that_unpacks_to_too_much_is_refused(unpacked) -> None:
    with pytest.raises(BodyTooLarge, match=r"at most 10,000 bytes"):
        unpacked(zipped({"a.png": bytes(10_001)}, zipfile.ZIP_DEFLATED))


def test_members_that_unpack_to_too_much_together_are_refused(unpacked) -> None:
    with pytest.raises(BodyTooLarge, match=r"at most 20,000 bytes"):
        unpacked(zipped({f"{number}.png": bytes(9_000) for number in range(3)}, zipfile.ZIP_DEFLATED))


def test_a_bomb_that_lies_about_its_size_is_seen(unpacked, tmp_path) -> None:
    data = bytearray(zipped({"a.png": bytes(5_000_000)}, zipfile.ZIP_DEFLATED))
    for mark, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        data[data.index(mark) + offset : data.index(mark) + offset + 4] = struct.pack("<I", 100)
    with pytest.raises((BadForm, BodyTooLarge)):
        unpacked(bytes(data))
    assert sum(path.stat().st_size for path in (tmp_path / "inputs").iterdir()) <= LIMITS.picture_bytes


def test_a_directory_of_a_million_entries_is_not_even_read(unpacked) -> None:
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    count = 1_000_000
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, count * len(entry), 0, 0)
    with pytest.raises(BodyTooLarge, match="too many entries"):
        unpacked(entry * count + end)


def test_a_file_and_a_folder_of_one_name_are_refused(unpacked) -> None:
    with pytest.raises(BadForm, match="a file and a folder of one name"):
        unpacked(zipped({"a": b"1", "a/b.png": b"2"}))


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"", lambda data: b"no zip", lambda data: data[: len(data) // 2],
        lambda data: data[:60] + b"\xff\xff\xff" + data[63:], lambda data: data.replace(b"PK\x03\x04", b"PK\x03\x05"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_zip_is_the_clients_fault(unpacked, damage, method) -> None:
    with pytest.raises(BadForm, match="cannot be read"):
        unpacked(damage(zipped({"a.png": picture()}, method)))


def test_an_unknown_compression_is_the_clients_fault(unpacked) -> None:
    data = bytearray(zipped({"a.png": picture()}))
    for mark, offset in ((b"PK\x01\x02", 10), (b"PK\x03\x04", 8)):
        data[data.index(mark) + offset] = 97
    with pytest.raises(BadForm, match="cannot be read"):
        unpacked(bytes(data))


def test_an_empty_zip_is_refused(unpacked) -> None:
    with pytest.raises(BadForm, match="is empty"):
        unpacked(zipped({}))


def test_nothing_is_written_of_a_zip_that_says_itself_that_it_is_too_large(tmp_path: Path) -> None:
    (tmp_path / "z.zip").write_bytes(zipped({f"{number}.png": bytes(9_000) for number in range(3)}))
    (tmp_path / "inputs").mkdir()
    with pytest.raises(BodyTooLarge):
        unpack(tmp_path / "z.zip", tmp_path / "inputs", LIMITS)
    assert not list((tmp_path / "inputs").iterdir())
