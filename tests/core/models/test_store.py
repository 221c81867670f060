from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from pathlib import Path

import pytest

from cutsmith.cures import fetch
from cutsmith.errors import LicenceNotAccepted, WeightsDamaged, WeightsMissing
from cutsmith.machine.folders import cache_folder, data_folder
from cutsmith.models import integrity
from cutsmith.models.store import Store, require_licence, size_text


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.fixture
def hashed(monkeypatch):
    """The paths of the files that were read to be hashed, in order."""
    paths = []
    original = integrity.hash_file

    def counting(path, algorithm):
        paths.append(path)
        return original(path, algorithm)

    monkeypatch.setattr(integrity, "hash_file", counting)
    return paths


@pytest.mark.torch
@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"XDG_DATA_HOME": "{home}/data"},
        {"REMBG_HOME": "{home}/rembg-home"},
        {"REMBG_HOME": "~/rembg-home", "XDG_DATA_HOME": "{home}/data"},
        {"U2NET_HOME": "{home}/flat"},
        {"U2NET_HOME": "~/flat", "REMBG_HOME": "{home}/rembg-home", "XDG_DATA_HOME": "{home}/data"},
    ],
)
def test_looks_where_the_installed_rembg_looks(variables, home, monkeypatch, tiny_entry):
    spec = importlib.util.find_spec("rembg")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("rembg is not installed")
    source = Path(next(iter(spec.submodule_search_locations))) / "sessions" / "base.py"
    base = importlib.util.module_from_spec(importlib.util.spec_from_file_location("rembg_base", source))
    base.__spec__.loader.exec_module(base)
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(home=home))

    class Session(base.BaseSession):
        @classmethod
        def name(cls, *args, **kwargs):
            return "tiny"

    entry = tiny_entry()
    ours = [path for folder in Store().folders() if folder.origin != "cutsmith" for path in folder.candidates(entry)]
    assert ours == [Path(Session.model_dir()) / "tiny.onnx", Path(Session.legacy_home()) / "tiny.onnx"]


def test_order_is_named_folders_then_own_then_rembgs(home):
    environ = {"CUTSMITH_MODELS": os.pathsep.join([str(home / "a"), "", str(home / "b")])}
    folders = Store(environ).folders()
    assert [folder.origin for folder in folders] == ["CUTSMITH_MODELS", "CUTSMITH_MODELS", "cutsmith", "rembg", "u2net"]
    assert [folder.path for folder in folders[:3]] == [home / "a", home / "b", data_folder() / "models"]


def test_a_folder_that_is_named_twice_keeps_its_first_place(home):
    rembgs = Store({}).folders()[-1].path
    environ = {"CUTSMITH_MODELS": os.pathsep.join([str(rembgs), str(home / "b"), str(rembgs)])}
    folders = Store(environ).folders()
    assert [folder.path for folder in folders[:2]] == [rembgs, home / "b"]  # fetch writes into the first
    assert [folder.origin for folder in folders] == ["CUTSMITH_MODELS", "CUTSMITH_MODELS", "cutsmith", "rembg"]


def test_finds_rembgs_file_and_prefers_one_of_the_right_size(home, tiny_entry, content):
    entry = tiny_entry()
    store = Store()
    assert store.find(entry) is None
    flat = put(home / ".u2net" / "tiny.onnx", content)
    assert (store.find(entry).path, store.find(entry).origin) == (flat, "u2net")
    put(home / ".rembg" / "models" / "tiny" / "tiny.onnx", content[:100])
    assert store.find(entry).path == flat
    assert store.require(entry) == flat


@pytest.mark.parametrize("name", ["tiny-epoch_7.onnx", "tiny/tiny.onnx"])
def test_a_named_folder_may_hold_the_publishers_name_or_be_rembgs(name, home, tiny_entry, content):
    path = put(home / "named" / name, content)
    entry = tiny_entry("https://example.org/tiny-epoch_7.onnx")
    assert Store({"CUTSMITH_MODELS": str(home / "named")}).require(entry) == path


class TestHostFolders:
    """The folders of the program that runs Cutsmith, such as ComfyUI's."""

    def test_they_come_after_cutsmiths_own_and_before_rembgs(self, home):
        store = Store({"CUTSMITH_MODELS": str(home / "named")}, host_folders=[home / "a", str(home / "b")])
        folders = [(folder.path, folder.origin) for folder in store.folders()]
        assert folders[:4] == [
            (home / "named", "CUTSMITH_MODELS"),
            (data_folder() / "models", "cutsmith"),
            (home / "a", "host"),
            (home / "b", "host"),
        ]
        assert [origin for _, origin in folders[4:]] == ["rembg", "u2net"]

    def test_a_path_may_begin_with_the_home_folder_or_be_relative(self, home, monkeypatch):
        monkeypatch.chdir(home)
        folders = Store(host_folders=["~/a", "b"]).folders()
        assert [folder.path for folder in folders if folder.origin == "host"] == [home / "a", home / "b"]

    @pytest.mark.parametrize(
        ("folder", "place"),
        [
            ("", "tiny.onnx"),
            ("", "tiny-epoch_7.onnx"),
            ("", "tiny/tiny.onnx"),
            ("tiny-folder", "tiny-folder/tiny.onnx"),
            ("tiny-folder", "tiny/tiny.onnx"),
        ],
    )
    def test_a_file_is_found_flat_in_a_folder_of_its_models_name_and_in_the_entrys(
        self, folder, place, home, tiny_entry, content
    ):
        entry = tiny_entry("https://example.org/tiny-epoch_7.onnx", folder=folder)
        store = Store(host_folders=[home / "empty", home / "host"])
        assert store.find(entry) is None
        path = put(home / "host" / place, content)
        assert (store.find(entry).path, store.find(entry).origin) == (path, "host")
        assert store.require(entry) == path
        assert store.verify(entry).path == path
        assert Store().find(entry) is None

    def test_cutsmiths_own_file_goes_first_and_a_hosts_before_rembgs(self, home, tiny_entry, content, spoilt):
        entry = tiny_entry()
        store = Store(host_folders=[home / "host"])
        put(home / ".u2net" / "tiny.onnx", content)
        hosts = put(home / "host" / "tiny.onnx", content)
        assert store.require(entry) == hosts
        own = put(data_folder() / "models" / "tiny.onnx", content)
        assert store.require(entry) == own
        put(own, spoilt)
        assert store.require(entry) == hosts

    def test_a_fetch_writes_into_cutsmiths_own_folder_and_touches_no_hosts(self, home, tiny_entry, content, server):
        entry = tiny_entry(f"{server.url}/tiny.onnx")
        damaged = put(home / "host" / "tiny.onnx", content[:100])
        store = Store(host_folders=[home / "host", home / "not-made"])
        first = store.folders()[0]
        assert store.fetch(entry) == data_folder() / "models" / "tiny.onnx"
        assert store.folders()[0] == first
        assert first.origin == "cutsmith"
        assert damaged.read_bytes() == content[:100]
        assert [path.name for path in (home / "host").iterdir()] == ["tiny.onnx"]
        assert not (home / "not-made").exists()

    def test_a_hosts_file_needs_no_fetch(self, home, tiny_entry, content, server):
        path = put(home / "host" / "tiny.onnx", content)
        assert Store(host_folders=[home / "host"]).fetch(tiny_entry(f"{server.url}/tiny.onnx")) == path
        assert server.asked == []

    def test_missing_names_file_folders_size_licence_and_command(self, home, tiny_entry):
        entry = tiny_entry(folder="tiny-folder", size=179_000_000, licence="CC BY-NC 4.0", commercial_use=False)
        with pytest.raises(WeightsMissing) as caught:
            Store(host_folders=[home / "host" / "a", home / "host" / "b"]).require(entry)
        assert caught.value.model == "tiny"
        text = str(caught.value)
        own = data_folder() / "models" / "tiny-folder"
        folders = [str(each) for each in (own, home / "host/a/tiny-folder", home / "host/b/tiny-folder")]
        for part in (
            "tiny.onnx",
            "179 MB",
            "CC BY-NC 4.0",
            "cutsmith models fetch tiny",
            "Looked for tiny.onnx in:",
            *folders,
        ):
            assert part in text
        assert sorted(folders, key=text.index) == folders


def test_hashes_once_and_again_only_where_the_file_changed(home, tiny_entry, content, hashed):
    path = put(home / ".u2net" / "tiny.onnx", content)
    Store().require(tiny_entry())
    Store().require(tiny_entry())
    assert len(hashed) == 1
    os.utime(path, ns=(0, 0))
    Store().require(tiny_entry())
    assert len(hashed) == 2
    assert Store().verify(tiny_entry()).status == "verified"  # reads the bytes, whatever is remembered
    assert len(hashed) == 3


def test_a_changed_file_of_the_same_size_is_damaged(home, tiny_entry, content, spoilt):
    path = put(home / ".u2net" / "tiny.onnx", content)
    store = Store()
    assert store.require(tiny_entry()) == path
    path.write_bytes(spoilt)
    os.utime(path, ns=(1, 1))
    with pytest.raises(WeightsDamaged, match="md5") as caught:
        store.require(tiny_entry())
    assert str(path) in caught.value.what
    assert "cutsmith models fetch tiny" in caught.value.remedy
    assert store.verify(tiny_entry()).status == "damaged"


@pytest.mark.parametrize("length", [0, 1000])
def test_a_truncated_file_is_damaged_without_hashing(home, tiny_entry, content, hashed, length):
    put(home / ".u2net" / "tiny.onnx", content[:length])
    with pytest.raises(WeightsDamaged, match=f"must have 600,000 bytes, but has {length:,}"):
        Store().require(tiny_entry())
    assert hashed == []


def test_a_good_copy_is_taken_where_an_earlier_one_is_damaged(home, tiny_entry, content, spoilt):
    put(home / ".rembg" / "models" / "tiny" / "tiny.onnx", spoilt)
    good = put(home / ".u2net" / "tiny.onnx", content)
    assert Store().require(tiny_entry()) == good
    assert Store().verify(tiny_entry()).path == good


def test_missing_names_command_size_licence_and_folders(home, tiny_entry):
    with pytest.raises(WeightsMissing) as caught:
        Store().require(tiny_entry(size=179_000_000, commercial_use=False, licence="CC BY-NC 4.0"))
    text = str(caught.value)
    for part in ("179 MB", "CC BY-NC 4.0", "Looked for tiny.onnx in:", str(home / ".u2net")):
        assert part in text
    assert caught.value.cures[0] == fetch("tiny", accepts_licence=True)
    assert Store().verify(tiny_entry()).status == "missing"


def test_without_a_published_hash_a_file_is_unverified_and_a_change_is_told(home, tiny_entry, content, caplog):
    entry = tiny_entry(md5=None)
    path = put(home / ".u2net" / "tiny.onnx", content)
    store = Store()
    assert store.require(entry) == path
    assert store.verify(entry).status == "unverified"
    assert hashlib.sha256(content).hexdigest() in store.verify(entry).detail
    assert caplog.text == ""
    path.write_bytes(content[::-1])
    os.utime(path, ns=(1, 1))
    assert Store().require(entry) == path
    assert "has changed since" in caplog.text
    assert "has changed since" in store.verify(entry).detail


def test_a_spoilt_or_unwritable_record_costs_only_time(home, tiny_entry, content, hashed):
    path = put(home / ".u2net" / "tiny.onnx", content)
    Store().require(tiny_entry())
    (record,) = (cache_folder() / "verified").iterdir()
    assert json.loads(record.read_text())["path"] == str(path)
    record.write_text("{half")
    assert Store().require(tiny_entry()) == path
    for file in record.parent.iterdir():
        file.unlink()
    record.parent.rmdir()
    record.parent.write_text("a file where the folder should be")
    assert Store().require(tiny_entry()) == path
    assert len(hashed) == 3


def test_licence_gate():
    require_licence("m", "CC BY-NC", commercial_use=False, accepted=True)
    require_licence("m", "MIT", commercial_use=True, accepted=False)
    with pytest.raises(LicenceNotAccepted, match="CC BY-NC") as caught:
        require_licence("m", "CC BY-NC", commercial_use=False, accepted=False)
    assert caught.value.cures == (fetch("m", "If that fits your use", accepts_licence=True),)


@pytest.mark.parametrize(
    ("size", "text"), [(None, "size not known"), (178648008, "179 MB"), (4574861, "4.6 MB"), (972666916, "973 MB")]
)
def test_sizes_for_people(size, text):
    assert size_text(size) == text
