"""`cutsmith report`, `review` and `export`: what they print, write and refuse, as processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile

import pytest

from cutsmith.batch.manifest import Manifest
from cutsmith.report.reading import read_batch
from cutsmith.report.verdicts import KIND
from tests.core.report.made_batch import key_of, small_batch
from tests.ctrl_c import hears_ctrl_c


@pytest.fixture
def batch(tmp_path):
    return small_batch(tmp_path)


def cutsmith(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cutsmith", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_report_writes_the_page_and_prints_its_path(batch) -> None:
    done = cutsmith("report", batch.out)
    assert (done.returncode, done.stdout.strip()) == (0, str(batch.out / "report.html"))
    assert (batch.out / "report.html").stat().st_size > 10_000


@pytest.mark.parametrize("command", [("report",), ("review", "--no-browser"), ("export",)])
def test_a_folder_without_a_batch_is_wrong_usage(tmp_path, command) -> None:
    done = cutsmith(command[0], tmp_path, *command[1:])
    assert done.returncode == 2
    assert f"There is no batch in {tmp_path}" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_apply_takes_in_what_the_page_saved(batch, tmp_path) -> None:
    source = str(batch.shop / "rings/a.jpg")
    verdict = {"input": source, "key": key_of("rings/a.jpg"), "verdict": "rejected", "at": "2026-11-26T12:00:00Z"}
    stale = {**verdict, "key": "f" * 64}
    saved = {"kind": KIND, "batch": read_batch(batch.out).identity, "verdicts": [verdict, stale]}
    path = tmp_path / "verdicts.json"
    path.write_text(json.dumps(saved))
    done = cutsmith("review", batch.out, "--apply", path)
    assert (done.returncode, done.stdout) == (0, "1 verdict written into the manifest, 0 known already.\n")
    assert "1 verdict left out" in done.stderr
    assert Manifest(batch.out).latest().verdict(source) == "rejected"
    assert cutsmith("review", batch.out, "--apply", path, "--no-browser").returncode == 2
    path.write_text("{}")
    assert cutsmith("review", batch.out, "--apply", path).returncode == 2


@pytest.mark.skipif(os.name == "nt", reason="Ctrl+C is sent another way there")
def test_review_prints_its_address_and_ends_cleanly_by_ctrl_c(batch) -> None:
    command = [sys.executable, "-m", "cutsmith", "review", str(batch.out), "--no-browser"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hears_ctrl_c
    )
    try:
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        assert process.stderr.readline() == "Ctrl+C ends the review.\n"
        port = address.split(":")[2].partition("/")[0]
        taken = cutsmith("review", batch.out, "--no-browser", "--port", port)
        assert taken.returncode == 2
        assert f"Port {port} cannot be used" in taken.stderr
        assert "any that is free" in taken.stderr
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, out, err) == (0, "", "0 verdicts written into the manifest.\n")


def test_export_writes_beside_the_folder_and_refuses_to_replace(batch, tmp_path) -> None:
    target = tmp_path / "out-accepted.zip"
    done = cutsmith("export", batch.out, "--accepted")
    assert (done.returncode, done.stdout.strip()) == (0, str(target))
    assert "2 results, 4 left out" in done.stderr
    again = cutsmith("export", f"{batch.out}/")
    assert again.returncode == 1
    assert "--overwrite" in again.stderr
    assert cutsmith("export", batch.out, "--overwrite", "--all", "-o", target).returncode == 0
    with zipfile.ZipFile(target) as archive:
        assert len(archive.namelist()) == 7
    none = cutsmith("export", batch.out, "--only-reviewed")
    assert none.returncode == 4
    assert "nobody accepted a result" in none.stderr
