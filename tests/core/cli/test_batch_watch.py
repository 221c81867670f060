"""`cutsmith batch --watch` as a process: pictures that come, are written slowly, and change, until the user ends it."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from cutsmith.batch.manifest import Manifest
from cutsmith.batch.watching import Watch
from cutsmith.cli import cutsmith as command_line
from cutsmith.errors import BadOption, ExtraMissing
from tests.core.cli.batch_process import make_network, make_picture, on_posix, results, start, wait_until

as_a_process = pytest.mark.skipif(not on_posix, reason="Ctrl+C is sent another way there")


def rows(out: Path, name: str) -> list[dict]:
    """The rows of the results of `name`, in their order."""
    return [row for row in Manifest(out).rows() if row["row"] == "result" and row["input"].endswith(name)]


@pytest.mark.slow
@as_a_process
def test_what_comes_is_cut_out_until_ctrl_c(tmp_path) -> None:
    pytest.importorskip("watchfiles", reason="the quick tier's environment has no watchfiles")
    make_network(tmp_path)
    inbox, out = tmp_path / "inbox", tmp_path / "inbox" / "done"
    make_picture(inbox / "first.png")
    process = start(tmp_path, "inbox", "-o", "inbox/done", "--watch")
    try:
        wait_until(lambda: "first.png" in results(out), process)
        wait_until((out / "report.html").is_file, process)
        make_picture(inbox / "new.png", 1)
        make_picture(inbox / "rings" / "gold.png", 2)
        # Longer than the watch waits for quiet: half of it is seen, is a failure, and is not the last word.
        whole = make_picture(tmp_path / "whole.png", 3, (900, 600)).read_bytes()
        (inbox / "slow.png").write_bytes(whole[: len(whole) // 2])
        wait_until(lambda: rows(out, "slow.png") != [], process)
        assert rows(out, "slow.png")[0]["status"] == "failed"
        with (inbox / "slow.png").open("ab") as stream:
            stream.write(whole[len(whole) // 2 :])
        wait_until(lambda: {"new.png", "rings/gold.png", "slow.png"} <= set(results(out)), process)
        before = results(out)["first.png"]
        make_picture(inbox / "first.png", 4, (120, 60))
        wait_until(lambda: results(out)["first.png"] != before, process)
        wait_until(lambda: len(rows(out, "first.png")) == 2, process)
        # Results lie in the watched folder, and start no round of their own.
        length = (out / "manifest.jsonl").stat().st_size
        time.sleep(6)
        assert (out / "manifest.jsonl").stat().st_size == length
        process.send_signal(signal.SIGINT)
        said, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, said) == (0, ""), err
    assert "Traceback" not in err
    assert err.count("slow.png begins as a picture, but cannot be decoded") == 1
    assert "It is tried again when it changes." in err
    assert err.count("Waiting for new pictures; Ctrl+C ends it.") >= 4
    closing = err.splitlines()[-2:]
    assert closing[0].startswith("cutsmith: 4 pictures cut out, ")
    assert "failed" not in closing[0]
    assert closing[1] == "cutsmith: the report is inbox/done/report.html"
    assert [row["status"] for row in rows(out, "slow.png")] == ["failed", "done"]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert all(f'"name":"inbox/{name}"' in page for name in ("first.png", "new.png", "rings/gold.png", "slow.png"))


@pytest.mark.slow
@as_a_process
def test_an_empty_folder_is_waited_for_and_sigterm_ends_the_waiting_too(tmp_path) -> None:
    pytest.importorskip("watchfiles", reason="the quick tier's environment has no watchfiles")
    make_network(tmp_path)
    (tmp_path / "inbox").mkdir()
    process = start(tmp_path, "inbox", "-o", "out", "--watch")
    try:
        assert "There is no picture in the folder inbox" in process.stderr.readline()
        assert "Waiting for new pictures" in process.stderr.readline()
        picture = make_picture(tmp_path / "inbox" / "a.png")
        wait_until(lambda: "a.png" in results(tmp_path / "out"), process)
        picture.unlink()
        time.sleep(4)
        make_picture(tmp_path / "inbox" / "b.png")
        wait_until(lambda: "b.png" in results(tmp_path / "out"), process)
        # The result is there before its row: what is ended then was not waiting.
        assert "1 picture cut out" in process.stderr.readline()
        assert "1 picture cut out" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert "Traceback" not in err


def test_without_watchfiles_it_is_told_before_any_work(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ExtraMissing, match="needs the package watchfiles") as caught:
        Watch([str(tmp_path)], tmp_path / "out")
    assert "cutsmith[watch]" in caught.value.remedy


def test_what_is_not_on_the_disk_cannot_be_watched(tmp_path) -> None:
    pytest.importorskip("watchfiles", reason="the quick tier's environment has no watchfiles")
    with pytest.raises(BadOption, match="can be watched"):
        Watch(["s3://shop", str(tmp_path / "missing")], tmp_path / "out")
    Watch(["s3://shop", str(tmp_path / "**" / "*.png")], tmp_path / "out")


def test_a_limit_is_not_for_a_watch(tmp_path) -> None:
    done = CliRunner().invoke(command_line, ["batch", str(tmp_path), "-o", "out", "--watch", "--limit", "2"])
    assert done.exit_code == 2
    assert "leave --limit out" in done.output
