"""Where worker and clients meet: a folder that is this user's alone, a key, a claim that ends with its process."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import stat
import sys
import tempfile
import threading
from collections.abc import Iterator
from multiprocessing.connection import Pipe
from pathlib import Path

import pytest

from cutsmith.machine.folders import cache_folder
from cutsmith.worker import rendezvous
from cutsmith.worker.protocol import Array, ConnectionEnded, Message, read_message, write_message
from cutsmith.worker.rendezvous import Claim, ConnectionStream, FolderTaken, FolderUnsafe, prepare_folder, read_key

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rights and folders are those of POSIX")


@pytest.fixture
def folder(tmp_path) -> Path:
    prepare_folder(tmp_path / "w")
    return tmp_path / "w"


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[Claim]:
    claim = Claim(folder)
    try:
        yield claim
    finally:
        claim.release()


def test_the_folder_is_made_for_this_user_alone_whatever_the_umask(tmp_path) -> None:
    before = os.umask(0)
    try:
        claim = Claim(tmp_path / "a" / "w")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a" / "w").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "a" / "w" / rendezvous.KEY_FILE).stat().st_mode) == 0o600
    claim.release()


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
    with claimed(folder) as one:
        assert read_key(folder) == one.key
    with claimed(folder) as two:
        assert read_key(folder) == two.key != one.key
        assert len(two.key) == 32
        assert {path.name for path in folder.iterdir()} == {rendezvous.KEY_FILE, rendezvous.SOCKET_FILE}
    assert list(folder.iterdir()) == []


def test_a_key_that_others_may_have_written_is_not_used(folder) -> None:
    with claimed(folder):
        (folder / rendezvous.KEY_FILE).chmod(0o644)
        with pytest.raises(FolderUnsafe, match="0600"):
            read_key(folder)
        (folder / rendezvous.KEY_FILE).chmod(0o600)
        folder.chmod(0o750)
        with pytest.raises(FolderUnsafe, match="0700"):
            read_key(folder)
        folder.chmod(0o700)


@pytest.mark.parametrize("text", ["", "zz" * 32, "ab" * 31, "\xe9"])
def test_a_damaged_key_is_none(folder, text) -> None:
    with claimed(folder):
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


def test_a_folder_is_one_workers_and_nothing_is_left_in_it(folder) -> None:
    one = Claim(folder)
    with pytest.raises(FolderTaken):
        Claim(folder)
    assert read_key(folder) == one.key
    assert one.release()
    assert list(folder.iterdir()) == []
    with claimed(folder):
        assert not one.release()  # no longer its to release
        assert len(list(folder.iterdir())) == 2


def test_a_folder_that_was_given_up_meanwhile_is_claimed_anew(folder, monkeypatch) -> None:
    """Its owner releases it between another's opening of the file and locking it."""
    owner = Claim(folder)
    lock, calls = rendezvous._lock, []

    def lock_after_the_release(descriptor: int) -> bool:
        calls.append(descriptor)
        owner.release()
        return lock(descriptor)

    monkeypatch.setattr(rendezvous, "_lock", lock_after_the_release)
    with claimed(folder):
        assert len(calls) == 2
        with pytest.raises(FolderTaken):
            Claim(folder)


@pytest.mark.parametrize("name", [rendezvous.KEY_FILE, rendezvous.SOCKET_FILE])
def test_a_claim_whose_file_is_gone_or_anothers_is_not_whole_and_leaves_the_others_alone(folder, name) -> None:
    claim = Claim(folder)
    assert claim.is_whole()
    (folder / name).unlink()
    assert not claim.is_whole()
    (folder / name).write_text("another's", encoding="utf-8")
    assert not claim.is_whole()
    assert not claim.release()
    assert [path.name for path in folder.iterdir()] == [name]
    # The listener's own clean-up would remove the socket of whoever has the folder next.
    claim._listener._listener._unlink.cancel()  # type: ignore[attr-defined]


def _hold(folder: Path, held) -> None:
    Claim(folder)
    held.set()
    threading.Event().wait(60)


def test_a_claim_ends_with_its_process(folder) -> None:
    context = multiprocessing.get_context("fork")
    held = context.Event()
    owner = context.Process(target=_hold, args=(folder, held))
    owner.start()
    assert held.wait(10)
    with pytest.raises(FolderTaken):
        Claim(folder)
    owner.kill()
    owner.join()
    with claimed(folder) as claim:
        assert read_key(folder) == claim.key


def test_only_one_of_many_has_a_folder_at_a_time(folder) -> None:
    inside, most = [], []

    def work() -> None:
        for _ in range(50):
            with contextlib.suppress(FolderTaken), claimed(folder):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(most) == {1}
    assert list(folder.iterdir()) == []


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
