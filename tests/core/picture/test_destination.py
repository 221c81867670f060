"""Results are written whole or not at all, and the early check says so before any work is done."""

import multiprocessing
import os
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from cutsmith.errors import CutsmithError, OutputExists, OutputFormatUnsupported, OutputRefused
from cutsmith.picture import Picture, check_output, destination, write_bytes_atomically

posix = pytest.mark.skipif(os.name != "posix", reason="modes, links and devices of POSIX")
not_root = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere, whatever the mode says"
)


@pytest.fixture(params=["without a name", "temporary name", "no hard links"])
def way(request, monkeypatch):
    """The ways to write: Linux's nameless files, and what is done where there are none, or no hard links either."""
    if request.param != "without a name":
        monkeypatch.setattr(destination, "_write_unnamed", lambda *_: False)
    if request.param == "no hard links":

        def refuse(*_args, **_options):
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
    return request.param


def test_a_new_file_in_new_folders(tmp_path, way):
    path = tmp_path / "a" / "b c" / "Ümläut 茶.png"
    assert write_bytes_atomically(b"whole", path, overwrite=False) == path
    assert path.read_bytes() == b"whole"
    assert list(path.parent.iterdir()) == [path]


def test_what_is_there_is_left_alone(tmp_path, way):
    path = tmp_path / "cut.png"
    path.write_bytes(b"precious")
    with pytest.raises(OutputExists, match="already there") as caught:
        write_bytes_atomically(b"new", path, overwrite=False)
    assert [(cure.action, cure.option, cure.value) for cure in caught.value.cures] == [("set", "overwrite", "True")]
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [path]


def test_what_appears_while_the_work_is_done_is_left_alone(tmp_path, way, monkeypatch):
    path = tmp_path / "cut.png"
    original = os.fsync

    def somebody_else_is_faster(descriptor):
        path.write_bytes(b"precious")
        original(descriptor)

    monkeypatch.setattr(os, "fsync", somebody_else_is_faster)
    with pytest.raises(OutputExists):
        write_bytes_atomically(b"new", path, overwrite=False)
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [path]


def test_one_of_many_writers_wins(tmp_path):
    path = tmp_path / "cut.png"

    def attempt(number):
        try:
            write_bytes_atomically(bytes([number]) * 100_000, path, overwrite=False)
        except OutputExists:
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        winners = [number for number in pool.map(attempt, range(24)) if number is not None]
    assert len(winners) == 1
    assert path.read_bytes() == bytes(winners) * 100_000
    assert list(tmp_path.iterdir()) == [path]


@posix
def test_overwriting_keeps_the_mode_and_new_files_heed_the_umask(tmp_path, way):
    old, new = tmp_path / "old.png", tmp_path / "new.png"
    old.write_bytes(b"old")
    old.chmod(0o640)
    before = os.umask(0o027)
    try:
        write_bytes_atomically(b"newer", old, overwrite=True)
        write_bytes_atomically(b"new", new, overwrite=False)
    finally:
        os.umask(before)
    assert old.read_bytes() == b"newer"
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert stat.S_IMODE(new.stat().st_mode) == 0o640
    assert sorted(tmp_path.iterdir()) == [new, old]


@posix
def test_a_symbolic_link_stays_one(tmp_path, way):
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "cut.png", tmp_path / "link.png"
    target.write_bytes(b"old")
    link.symlink_to(target)
    with pytest.raises(OutputExists):
        write_bytes_atomically(b"new", link, overwrite=False)
    write_bytes_atomically(b"new", link, overwrite=True)
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


@posix
def test_links_that_lead_to_each_other_are_replaced(tmp_path, way):
    one, other = tmp_path / "one.png", tmp_path / "other.png"
    one.symlink_to(other)
    other.symlink_to(one)
    check_output(one, overwrite=True)
    write_bytes_atomically(b"new", one, overwrite=True)
    assert one.read_bytes() == b"new"


def test_a_name_as_long_as_allowed(tmp_path, way):
    path = tmp_path / ("x" * 251 + ".png")
    write_bytes_atomically(b"1", path, overwrite=False)
    write_bytes_atomically(b"2", path, overwrite=True)
    assert path.read_bytes() == b"2"
    with pytest.raises(OutputRefused, match="shorter name"):
        write_bytes_atomically(b"3", tmp_path / ("x" * 300 + ".png"), overwrite=False)


def test_an_output_that_is_a_folder(tmp_path):
    (tmp_path / "cut.png").mkdir()
    for overwrite in (False, True):
        with pytest.raises(OutputRefused, match="is a folder"):
            check_output(tmp_path / "cut.png", overwrite=overwrite)
        with pytest.raises(OutputRefused, match="is a folder"):
            write_bytes_atomically(b"", tmp_path / "cut.png", overwrite=overwrite)


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    path = tmp_path / "file" / "cut.png"
    with pytest.raises(OutputRefused, match="not a folder"):
        check_output(path, overwrite=False)
    with pytest.raises(OutputRefused):
        write_bytes_atomically(b"", path, overwrite=False)


@posix
def test_pipes_and_devices_are_written_to_directly(tmp_path):
    write_bytes_atomically(b"data", os.devnull, overwrite=False)
    assert not Path(os.devnull).is_file()
    fifo = tmp_path / "pipe.png"
    os.mkfifo(fifo)
    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(fifo.read_bytes)
        check_output(fifo, overwrite=False)
        write_bytes_atomically(b"through", fifo, overwrite=False)
        assert reader.result(10) == b"through"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_device():
    with pytest.raises(OutputRefused, match="Free some space"):
        write_bytes_atomically(b"x" * 100_000, "/dev/full", overwrite=False)


@posix
def test_a_full_disk_leaves_nothing_behind(tmp_path):
    mount = tmp_path / "small"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(mount)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"no mount here: {error}")
    if mounted.returncode != 0:
        pytest.skip(f"a small file system may not be mounted here: {mounted.stderr.strip()}")
    try:
        picture = Picture(np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8))
        with pytest.raises(OutputRefused, match="The disk is full"):
            picture.save(mount / "cut.png")
        assert list(mount.iterdir()) == []
    finally:
        subprocess.run(["umount", str(mount)], check=True)


_LIMITED = """
import resource, signal, sys
from cutsmith.errors import OutputRefused
from cutsmith.picture import write_bytes_atomically, destination
if sys.argv[2] == "named":
    destination._write_unnamed = lambda *_: False
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    write_bytes_atomically(b"x" * 100_000, sys.argv[1], overwrite=True)
except OutputRefused as error:
    print("refused:", error.what)
"""


@posix
@pytest.mark.parametrize("way", ["unnamed", "named"])
def test_a_write_that_the_system_cuts_off_leaves_the_old_file_and_nothing_else(tmp_path, way):
    path = tmp_path / "cut.png"
    path.write_bytes(b"precious")
    done = subprocess.run([sys.executable, "-c", _LIMITED, str(path), way], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("refused:")
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [path]


def _killed_after(seconds, code, argument):
    """Run `code` in a process of its own and kill it `seconds` after it has said that it is ready."""
    with subprocess.Popen([sys.executable, "-c", code, str(argument)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(seconds)
        writer.send_signal(signal.SIGKILL)


_ENDLESS = """
import sys
from cutsmith.picture import write_bytes_atomically
data = bytes(range(256)) * 40_000
print("ready", flush=True)
number = 0
while True:
    write_bytes_atomically(data, f"{sys.argv[1]}/{number}.png", overwrite=False)
    number += 1
"""


@posix
def test_a_killed_writer_leaves_whole_files_only(tmp_path):
    whole = bytes(range(256)) * 40_000
    folders = []
    for round_number in range(6):
        folder = tmp_path / str(round_number)
        folder.mkdir()
        folders.append(folder)
        _killed_after(0.02 + 0.017 * round_number, _ENDLESS, folder)
    for folder in folders:
        for path in folder.iterdir():
            if hasattr(os, "O_TMPFILE"):
                assert path.suffix == ".png"
            if path.suffix == ".png":
                assert path.read_bytes() == whole


_ENDLESS_OVERWRITING = """
import sys
from cutsmith.picture import write_bytes_atomically
print("ready", flush=True)
while True:
    for letter in b"abc":
        write_bytes_atomically(bytes([letter]) * 5_000_000, sys.argv[1], overwrite=True)
"""


@posix
def test_a_writer_that_is_killed_while_it_overwrites_leaves_the_old_file_or_the_new_one(tmp_path):
    path = tmp_path / "cut.png"
    path.write_bytes(b"o" * 5_000_000)
    for round_number in range(6):
        _killed_after(0.01 + 0.013 * round_number, _ENDLESS_OVERWRITING, path)
        content = path.read_bytes()
        assert len(content) == 5_000_000
        assert len(set(content)) == 1


@not_root
def test_a_folder_that_may_not_be_written_to(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputRefused, match="may not be written"):
            check_output(tmp_path / "cut.png", overwrite=False)
        with pytest.raises(OutputRefused, match="You may not write there"):
            write_bytes_atomically(b"", tmp_path / "cut.png", overwrite=False)
    finally:
        tmp_path.chmod(0o700)


def _refusals_for_nobody(folder, results):
    os.setgid(65534)
    os.setuid(65534)
    calls = (
        lambda: check_output(folder / "cut.png", overwrite=False),
        lambda: write_bytes_atomically(b"x", folder / "cut.png", overwrite=False),
        lambda: Picture.read(folder / "secret.png"),
        lambda: Picture.read(folder / "closed" / "secret.png"),
        lambda: check_output(folder / "closed" / "cut.png", overwrite=False),
    )
    for call in calls:
        try:
            call()
            results.put("nothing was refused")
        except CutsmithError as error:
            results.put(type(error).__name__)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become somebody who may not")
def test_a_user_without_rights_is_refused():
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "closed").mkdir(mode=0o700)
        (folder / "secret.png").write_bytes(b"\x89PNG")
        (folder / "secret.png").chmod(0o600)
        context = multiprocessing.get_context("fork")  # everything is imported: nobody may not read the interpreter
        results = context.SimpleQueue()
        child = context.Process(target=_refusals_for_nobody, args=(folder, results))
        child.start()
        child.join(20)
        assert child.exitcode == 0
        found = [results.get() for _ in range(5)]
        assert found == ["OutputRefused", "OutputRefused", "PictureUnreadable", "PictureUnreadable", "OutputRefused"]
        assert not (folder / "cut.png").exists()


def test_the_early_check_passes_what_will_work_and_makes_nothing(tmp_path):
    check_output(tmp_path / "new" / "deep" / "cut.png", overwrite=False)
    assert list(tmp_path.iterdir()) == []


def test_the_early_check_knows_suffixes_and_what_is_there(tmp_path):
    with pytest.raises(OutputFormatUnsupported):
        check_output(tmp_path / "cut.gif", overwrite=False)
    (tmp_path / "cut.png").write_bytes(b"")
    with pytest.raises(OutputExists):
        check_output(tmp_path / "cut.png", overwrite=False)
    check_output(tmp_path / "cut.png", overwrite=True)


def test_a_name_that_no_system_takes(tmp_path):
    for path in ("a\0b.png", tmp_path / "a\0b.png"):
        with pytest.raises(OutputRefused):
            check_output(path, overwrite=False)
        with pytest.raises(OutputRefused):
            write_bytes_atomically(b"", path, overwrite=False)
