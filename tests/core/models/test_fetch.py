"""`Store.fetch` against a real server, real files, real processes."""

from __future__ import annotations

import errno
import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cutsmith.errors import DownloadFailed, LicenceNotAccepted, WeightsDamaged
from cutsmith.machine.folders import data_folder
from cutsmith.models import download
from cutsmith.models.store import Store

# What a process of its own does: fetch the tiny entry from the URL in argv, and print the path.
FETCHING_PROCESS = """
import hashlib, logging, sys
from cutsmith.models.entry import Entry, SalientSpec
from cutsmith.models.store import Store
logging.basicConfig(level="INFO")
spec = SalientSpec(32, (0.5, 0.5, 0.5), (1.0, 1.0, 1.0), "maximum", "none", 0)
size, md5 = int(sys.argv[2]), sys.argv[3]
entry = Entry("tiny", "", "tiny.onnx", (sys.argv[1],), None, size, md5, None, "MIT", True, "", "", spec)
print(Store().fetch(entry))
"""


def fetching_process(entry) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", FETCHING_PROCESS, entry.urls[0], str(entry.size), entry.md5]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def left_behind() -> list[str]:
    """What lies in the folder besides the lock."""
    folder = data_folder() / "models"
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


def unfinished(content: bytes, **record: str) -> Path:
    """A download that was stopped, with its record."""
    part = data_folder() / "models" / "tiny.onnx.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(content)
    download.part_record(part).write_text(json.dumps(record))
    return part


def test_fetches_checks_and_tells_progress(server, tiny_entry, content):
    entry = tiny_entry(f"{server.url}/tiny.onnx")
    told = []
    path = Store().fetch(entry, progress=lambda done, total: told.append((done, total)))
    assert path == data_folder() / "models" / "tiny.onnx"
    assert path.read_bytes() == content
    assert left_behind() == ["tiny.onnx"]
    assert told[-1] == (len(content), len(content))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert Store().require(entry) == path


def test_what_was_checked_when_it_came_is_not_hashed_again(server, tiny_entry, monkeypatch):
    entry = tiny_entry(f"{server.url}/tiny.onnx")
    path = Store().fetch(entry)
    monkeypatch.setattr("cutsmith.models.integrity.hash_file", None)
    assert Store().require(entry) == path


def test_what_is_here_is_not_fetched_again(server, tiny_entry, content):
    entry = tiny_entry(f"{server.url}/tiny.onnx")
    first = Store().fetch(entry)
    assert Store().fetch(entry) == first
    assert len(server.asked) == 1


def test_writes_into_the_first_named_folder(server, tiny_entry, home):
    environ = {"CUTSMITH_MODELS": os.pathsep.join([str(home / "a b"), str(home / "c")])}
    assert Store(environ).fetch(tiny_entry(f"{server.url}/tiny.onnx")) == home / "a b" / "tiny.onnx"


def test_a_damaged_file_is_replaced(server, tiny_entry, spoilt, content):
    path = data_folder() / "models" / "tiny.onnx"
    path.parent.mkdir(parents=True)
    path.write_bytes(spoilt)
    assert Store().fetch(tiny_entry(f"{server.url}/tiny.onnx")) == path
    assert path.read_bytes() == content


def test_goes_on_after_broken_connections(server, tiny_entry, content):
    server.cut_after = [200_000, 0, 100_000]
    path = Store().fetch(tiny_entry(f"{server.url}/tiny.onnx"))
    assert path.read_bytes() == content
    starts = [int(asked.removeprefix("bytes=")[:-1]) for asked in server.ranges_asked() if asked]
    assert len(starts) == 3
    assert 0 < starts[0] == starts[1] < starts[2]


def test_any_number_of_broken_connections_is_borne_while_bytes_come(server, tiny_entry, content):
    server.cut_after = [70_000] * (download.ATTEMPTS + 3)
    assert Store().fetch(tiny_entry(f"{server.url}/tiny.onnx")).read_bytes() == content
    assert len(server.asked) == download.ATTEMPTS + 4


def test_a_server_without_ranges_is_read_from_the_start(server, tiny_entry, content):
    server.ranges = False
    server.cut_after = [400_000, 300_000]
    path = Store().fetch(tiny_entry(f"{server.url}/tiny.onnx"))
    assert path.read_bytes() == content


def test_a_file_that_changed_on_the_server_is_read_from_the_start(server, tiny_entry, content):
    unfinished(b"of the old file", url=f"{server.url}/tiny.onnx", ETag='"0"')
    assert Store().fetch(tiny_entry(f"{server.url}/tiny.onnx")).read_bytes() == content
    assert server.ranges_asked() == ["bytes=15-"]


def test_a_wrong_beginning_without_etag_is_noticed_and_fetched_anew(server, tiny_entry, content):
    unfinished(b"of another file", url=f"{server.url}/tiny.onnx")
    assert Store().fetch(tiny_entry(f"{server.url}/tiny.onnx")).read_bytes() == content
    assert server.ranges_asked() == ["bytes=15-", None]


def test_an_unfinished_download_of_another_address_is_not_continued(server, tiny_entry, content):
    unfinished(content[:1000], url="https://example.org/tiny.onnx")
    Store().fetch(tiny_entry(f"{server.url}/tiny.onnx"))
    assert server.ranges_asked() == [None]


def test_a_complete_unfinished_download_needs_no_network(tiny_entry, content):
    unfinished(content, url="http://127.0.0.1:9/tiny.onnx")
    told = []
    entry = tiny_entry("http://127.0.0.1:9/tiny.onnx")
    assert Store().fetch(entry, progress=lambda *at: told.append(at)).read_bytes() == content
    assert told == [(len(content), len(content))]
    assert left_behind() == ["tiny.onnx"]


@pytest.mark.parametrize("size", [None, 600_000])
def test_more_bytes_than_the_file_has_are_fetched_anew(server, tiny_entry, content, size):
    unfinished(content + b"more", url=f"{server.url}/tiny.onnx")
    assert Store().fetch(tiny_entry(f"{server.url}/tiny.onnx", size=size)).read_bytes() == content


def test_an_overloaded_server_is_asked_again(server, tiny_entry, content):
    server.errors = [503, 503]
    assert Store().fetch(tiny_entry(f"{server.url}/tiny.onnx")).read_bytes() == content
    assert len(server.asked) == 3


def test_a_server_that_stays_overloaded_is_given_up(server, tiny_entry):
    server.errors = [503] * 20
    with pytest.raises(DownloadFailed, match="the server answers 503"):
        Store().fetch(tiny_entry(f"{server.url}/tiny.onnx"))
    assert len(server.asked) == download.ATTEMPTS


def test_a_connection_that_keeps_breaking_keeps_what_came(server, tiny_entry, content):
    server.cut_after = [100_000] + [0] * 20
    entry = tiny_entry(f"{server.url}/tiny.onnx")
    with pytest.raises(DownloadFailed, match="next attempt goes on"):
        Store().fetch(entry)
    assert left_behind() == ["tiny.onnx.part", "tiny.onnx.part.json"]
    server.cut_after = []
    assert Store().fetch(entry).read_bytes() == content
    assert server.ranges_asked()[-1] not in (None, "bytes=0-")


def test_a_refusal_is_not_repeated_and_the_next_address_is_tried(server, tiny_entry, content):
    entry = tiny_entry(f"{server.url}/gone.onnx", f"{server.url}/tiny.onnx")
    assert Store().fetch(entry).read_bytes() == content
    assert len(server.asked) == 2
    with pytest.raises(DownloadFailed, match=r"404 Not Found") as caught:
        Store().fetch(tiny_entry(f"{server.url}/gone.onnx", name="other", filename="other.onnx"))
    assert [(cure.action, cure.names, cure.value) for cure in caught.value.cures] == [
        ("fetch", ("other",), "FOLDER|URL")
    ]


def test_wrong_bytes_are_removed_and_reported(server, tiny_entry, spoilt):
    server.files["tiny.onnx"] = spoilt
    entry = tiny_entry(f"{server.url}/tiny.onnx")
    with pytest.raises(WeightsDamaged, match="md5"):
        Store().fetch(entry)
    assert left_behind() == []
    assert Store().find(entry) is None


def test_a_login_page_instead_of_the_file_is_refused_unread(server, tiny_entry):
    server.files["tiny.onnx"] = b"<html>Welcome to the hotel</html>"
    with pytest.raises(WeightsDamaged, match="must have 600,000 bytes, but has 33"):
        Store().fetch(tiny_entry(f"{server.url}/tiny.onnx"))
    assert left_behind() == []


LOGIN_PAGE = b"<html>Welcome to the hotel</html>"


# A page of a told length and of no type, where the wanted size is not known, cannot be told from a smaller file.
@pytest.mark.parametrize(
    ("size", "lengths", "content_type"),
    [
        (600_000, True, None),
        (600_000, False, None),
        (600_000, False, "text/html"),
        (None, True, "text/html; charset=utf-8"),
        (None, False, "text/html"),
        (None, False, None),
    ],
)
def test_a_login_page_costs_nothing_of_what_came_before(server, tiny_entry, content, lengths, content_type, size):
    part = unfinished(content[:400_000], url=f"{server.url}/tiny.onnx", ETag='"1"')
    entry = tiny_entry(f"{server.url}/tiny.onnx", size=size)
    server.files["tiny.onnx"], server.ranges = LOGIN_PAGE, False
    server.lengths, server.content_type = lengths, content_type
    with pytest.raises((WeightsDamaged, DownloadFailed)):
        Store().fetch(entry)
    assert part.read_bytes() == content[:400_000]
    assert left_behind() == ["tiny.onnx.part", "tiny.onnx.part.json"]

    server.files["tiny.onnx"], server.ranges, server.lengths, server.content_type = content, True, True, None
    assert Store().fetch(entry).read_bytes() == content
    assert server.ranges_asked()[-1] == "bytes=400000-"
    assert left_behind() == ["tiny.onnx"]


def test_a_login_page_on_the_publishers_address_does_not_spoil_the_next_ones(server, tiny_entry, content):
    unfinished(content[:400_000], url=f"{server.url}/tiny.onnx", ETag='"1"')
    server.files["page.onnx"] = LOGIN_PAGE
    entry = tiny_entry(f"{server.url}/page.onnx", f"{server.url}/tiny.onnx")
    assert Store().fetch(entry).read_bytes() == content
    assert server.ranges_asked() == [None, "bytes=400000-"]


@pytest.mark.parametrize("lengths", [True, False])
def test_an_answer_from_the_start_that_breaks_off_early_costs_nothing(server, tiny_entry, content, lengths):
    # Nothing says that this server's answer is the file: it has to bring as much first.
    part = unfinished(content[:400_000], url=f"{server.url}/tiny.onnx", ETag='"1"')
    entry = tiny_entry(f"{server.url}/tiny.onnx", size=None)
    server.ranges, server.lengths, server.cut_after = False, lengths, [300_000] * 20
    with pytest.raises(DownloadFailed, match="next attempt goes on"):
        Store().fetch(entry)
    assert part.read_bytes() == content[:400_000]
    server.cut_after = []
    assert Store().fetch(entry).read_bytes() == content
    assert left_behind() == ["tiny.onnx"]


def test_without_lengths_a_file_that_changed_on_the_server_is_read_from_the_start(server, tiny_entry, content):
    unfinished(b"old" * 100_000, url=f"{server.url}/tiny.onnx", ETag='"0"')
    server.lengths = False
    assert Store().fetch(tiny_entry(f"{server.url}/tiny.onnx")).read_bytes() == content
    assert left_behind() == ["tiny.onnx"]


def test_a_killed_processs_answer_beside_the_download_is_removed(server, tiny_entry, content):
    part = unfinished(content[:400_000], url=f"{server.url}/tiny.onnx", ETag='"1"')
    part.with_name(part.name + ".new").write_bytes(b"left")
    Store().fetch(tiny_entry(f"{server.url}/tiny.onnx"))
    assert left_behind() == ["tiny.onnx"]


def test_without_a_network_the_error_says_every_way_out(tiny_entry, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with pytest.raises(DownloadFailed) as caught:
        Store().fetch(tiny_entry("http://models.invalid/tiny.onnx?key=secret"))
    text = str(caught.value)
    for part in ("http://models.invalid/tiny.onnx", "HTTPS_PROXY", "cutsmith models fetch tiny, from FOLDER|URL"):
        assert part in text
    assert "secret" not in text
    assert "object at 0x" not in text


def test_takes_the_proxy_of_the_environment(server, tiny_entry, content, monkeypatch):
    # A proxy is asked for the whole address; this server answers it as one would.
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("http_proxy", server.url)
    server.files["http://models.invalid/tiny.onnx"] = content
    assert Store().fetch(tiny_entry("http://models.invalid/tiny.onnx")).read_bytes() == content


def test_non_commercial_weights_need_their_licence_accepted(server, tiny_entry):
    entry = tiny_entry(f"{server.url}/tiny.onnx", commercial_use=False, licence="CC BY-NC 4.0")
    with pytest.raises(LicenceNotAccepted, match=r"CC BY-NC 4.0"):
        Store().fetch(entry)
    assert server.asked == []
    assert Store().fetch(entry, accept_licence=True).is_file()


def test_a_full_disk_is_told(server, tiny_entry, tmp_path):
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full, a device that is always full")
    part = data_folder() / "models" / "tiny.onnx.part"
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")
    with pytest.raises(DownloadFailed, match="is full") as caught:
        Store().fetch(tiny_entry(f"{server.url}/tiny.onnx"))
    assert "CUTSMITH_MODELS" in caught.value.remedy


def test_more_than_the_disk_holds_is_not_begun(server, tiny_entry):
    with pytest.raises(DownloadFailed, match="is full"):
        Store().fetch(tiny_entry(f"{server.url}/tiny.onnx", size=1 << 60))
    assert server.asked == []


def test_a_named_folder_that_cannot_be_made_is_laid_to_the_variable_that_named_it(server, tiny_entry, home):
    (home / "file").write_text("")
    entry = tiny_entry(f"{server.url}/tiny.onnx")
    with pytest.raises(DownloadFailed, match=r"CUTSMITH_MODELS names .*file/models") as caught:
        Store({"CUTSMITH_MODELS": str(home / "file" / "models")}).fetch(entry)
    assert "unset the variable" in caught.value.remedy
    data_folder().parent.mkdir(parents=True)
    data_folder().write_text("a file in the place of the user's own folder")
    with pytest.raises(DownloadFailed, match=r"cannot be written") as caught:
        Store({}).fetch(entry)
    assert "CUTSMITH_MODELS" not in caught.value.what
    assert "CUTSMITH_MODELS can name another folder" in caught.value.remedy


def test_a_source_that_cannot_be_read_is_not_laid_to_the_folder(tiny_entry, content, tmp_path, monkeypatch):
    source = tmp_path / "stick" / "tiny.onnx"
    source.parent.mkdir()
    source.write_bytes(content)
    original = Path.open

    # Root may read every file: refused here as the system would refuse others.
    def refuse(path, *arguments, **keywords):
        if path == source:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return original(path, *arguments, **keywords)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DownloadFailed, match=r"stick/tiny\.onnx cannot be read: Permission denied") as caught:
        Store().fetch(tiny_entry(), source=str(source))
    assert "CUTSMITH_MODELS" not in str(caught.value)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root writes into read-only folders")
def test_a_read_only_folder_is_told(server, tiny_entry, home):
    (home / "locked").mkdir(mode=0o500)
    with pytest.raises(DownloadFailed, match="cannot be made or written"):
        Store({"CUTSMITH_MODELS": str(home / "locked")}).fetch(tiny_entry(f"{server.url}/tiny.onnx"))


def test_two_processes_fetch_once(server, tiny_entry):
    server.pause = 0.02
    entry = tiny_entry(f"{server.url}/tiny.onnx")
    processes = [fetching_process(entry) for _ in range(2)]
    said = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert {out.strip() for out, _ in said} == {str(data_folder() / "models" / "tiny.onnx")}
    assert len(server.asked) == 1
    assert sum("another process is fetching tiny" in err for _, err in said) == 1


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_killed_download_is_resumed(server, tiny_entry, content):
    server.pause = 0.05
    entry = tiny_entry(f"{server.url}/tiny.onnx")
    part = data_folder() / "models" / "tiny.onnx.part"
    process = fetching_process(entry)
    give_up = time.monotonic() + 30
    while not (part.exists() and part.stat().st_size > 100_000) and time.monotonic() < give_up:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    assert left_behind() == ["tiny.onnx.part", "tiny.onnx.part.json"]
    have = part.stat().st_size
    assert 100_000 < have < len(content)
    server.pause = 0
    assert Store().fetch(entry).read_bytes() == content
    assert server.ranges_asked() == [None, f"bytes={have}-"]


def test_unverified_weights_are_fetched_and_a_later_change_is_told(server, tiny_entry, caplog):
    entry = tiny_entry(f"{server.url}/tiny.onnx", md5=None, size=None)
    Store().fetch(entry).unlink()
    server.files["tiny.onnx"] = b"the publisher has put another file there"
    with caplog.at_level(logging.WARNING):
        Store().fetch(entry)
    assert "has changed since" in caplog.text
