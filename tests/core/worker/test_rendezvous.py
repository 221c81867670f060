"""Where worker and clients meet: a folder that is this user's alone, a key, locks that end with their process."""

from __future__ import annotations

import multiprocessing
import os
import stat
import sys
import tempfile
import threading
from multiprocessing.connection import Pipe
from pathlib import Path

import pytest

from cutsmith.machine.folders import cache_folder
from cutsmith.worker import rendezvous
from cutsmith.worker.protocol import Array, ConnectionEnded, Message, read_message, write_message
from cutsmith.worker.rendezvous import ConnectionStream, FileLock, FolderUnsafe, prepare_folder, read_key, write_new_key

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rights and folders are those of POSIX")


@pytest.fixture
def folder(tmp_path) -> Path:
    prepare_folder(tmp_path / "w")
    return tmp_path / "w"


def test_the_folder_is_made_for_this_user_alone_whatever_the_umask(tmp_path) -> None:
    before = os.umask(0)
    try:
        prepare_folder(tmp_path / "a" / "w")
        write_new_key(tmp_path / "a" / "w")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a" / "w").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "a" / "w" / rendezvous.KEY_FILE).stat().st_mode) == 0o600


def test_a_folder_that_others_may_enter_is_refused(tmp_path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    (tmp_path / "file").touch()
    prepare_folder(tmp_path / "own")
    (tmp_path / "link").symlink_to(tmp_path / "own")
    for name in ("open", "file", "link"):
        with pytest.raises(FolderUnsafe, match=name):
            prepare_folder(tmp_path / name)
    with pytest.raises(FolderUnsafe, match="too long"):
        prepare_folder(tmp_path / ("x" * 100))
    with pytest.raises(FolderUnsafe, match="cannot be used"):
        prepare_folder(tmp_path / "file" / "w")


def test_each_key_is_new_and_read_as_it_was_written(folder) -> None:
    assert read_key(folder) is None
    one, two = write_new_key(folder), write_new_key(folder)
    assert one != two
    assert len(two) == 32
    assert read_key(folder) == two
    assert [path.name for path in folder.iterdir()] == [rendezvous.KEY_FILE]


def test_a_key_that_others_may_have_written_is_not_used(folder) -> None:
    write_new_key(folder)
    (folder / rendezvous.KEY_FILE).chmod(0o644)
    with pytest.raises(FolderUnsafe, match="0600"):
        read_key(folder)
    (folder / rendezvous.KEY_FILE).chmod(0o600)
    folder.chmod(0o750)
    with pytest.raises(FolderUnsafe, match="0700"):
        read_key(folder)


@pytest.mark.parametrize("text", ["", "zz" * 32, "ab" * 31, "\xe9"])
def test_a_damaged_key_is_none(folder, text) -> None:
    write_new_key(folder)
    (folder / rendezvous.KEY_FILE).write_text(text, encoding="utf-8")
    assert read_key(folder) is None


def test_the_folder_is_the_sessions_where_that_is_ours_alone(monkeypatch, tmp_path) -> None:
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    assert rendezvous.worker_folder() == runtime / "cutsmith"
    runtime.chmod(0o755)
    monkeypatch.setattr(os, "getuid", lambda: 987654)  # who has no /run/user of his own
    monkeypatch.setenv("CUTSMITH_CACHE", "/short")
    assert rendezvous.worker_folder() == Path("/short/worker")
    monkeypatch.setenv("CUTSMITH_CACHE", "/" + "long" * 30)
    assert rendezvous.worker_folder() == Path(tempfile.gettempdir()) / "cutsmith-987654"


@pytest.mark.parametrize("named", [None, " ", "~/mine"])
@pytest.mark.parametrize("cache", [None, "/somewhere/cache"])
def test_the_cache_folder_is_the_engines(monkeypatch, named, cache) -> None:
    for variable, value in (("CUTSMITH_CACHE", named), ("XDG_CACHE_HOME", cache)):
        if value is None:
            monkeypatch.delenv(variable, raising=False)
        else:
            monkeypatch.setenv(variable, value)
    assert rendezvous._cache_folder() == cache_folder()


def test_a_lock_is_one_owners_and_leaves_no_file(folder) -> None:
    path = folder / "x.lock"
    one, two = FileLock(path), FileLock(path)
    assert one.acquire()
    assert not two.acquire()
    two.release()  # not its to release
    assert path.exists()
    one.release()
    assert not path.exists()
    assert two.acquire()
    two.release()
    two.release()


def test_a_lock_whose_file_was_removed_meanwhile_is_taken_anew(folder, monkeypatch) -> None:
    """Its owner releases it between another's opening of the file and locking it."""
    path = folder / "x.lock"
    owner, waiting = FileLock(path), FileLock(path)
    assert owner.acquire()
    lock, calls = rendezvous._lock, []

    def lock_after_the_release(descriptor: int) -> bool:
        calls.append(descriptor)
        owner.release()
        return lock(descriptor)

    monkeypatch.setattr(rendezvous, "_lock", lock_after_the_release)
    assert waiting.acquire()
    assert len(calls) == 2
    assert not FileLock(path).acquire()


def _hold(path: Path, held) -> None:
    assert FileLock(path).acquire()
    held.set()
    threading.Event().wait(60)


def test_a_lock_ends_with_its_process(folder) -> None:
    context = multiprocessing.get_context("fork")
    held = context.Event()
    owner = context.Process(target=_hold, args=(folder / "x.lock", held))
    owner.start()
    assert held.wait(10)
    assert not FileLock(folder / "x.lock").acquire()
    owner.kill()
    owner.join()
    assert FileLock(folder / "x.lock").acquire()


def test_only_one_of_many_has_a_lock_at_a_time(folder) -> None:
    path, inside, most = folder / "x.lock", [], []

    def work() -> None:
        for _ in range(100):
            lock = FileLock(path)
            if lock.acquire():
                inside.append(1)
                most.append(len(inside))
                inside.pop()
                lock.release()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(most) == {1}
    assert not path.exists()


def test_frames_pass_over_a_connection_in_pieces() -> None:
    """The way of Windows' pipes, which are multiprocessing's connections as well."""
    ours, theirs = (ConnectionStream(end) for end in Pipe())
    data = os.urandom(3_000_001)
    message = Message({"kind": "x", "id": 1}, {"a": Array("uint8", (len(data),), data)})
    sender = threading.Thread(target=lambda: [write_message(theirs, message) for _ in range(2)])
    sender.start()
    for _ in range(2):
        assert ours.wait(5)
        assert bytes(read_message(ours).arrays["a"].data) == data
    sender.join()
    assert not ours.wait(0.01)
    theirs.close()
    assert ours.wait(5)
    with pytest.raises(ConnectionEnded):
        read_message(ours)
    ours.close()
