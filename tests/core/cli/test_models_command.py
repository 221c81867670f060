from __future__ import annotations

import hashlib
import json
import logging
import os
import select
import subprocess
import sys
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cutsmith.cli.models_command import fetch_models, models
from cutsmith.cures import fetch
from cutsmith.errors import (
    BadOption,
    DownloadFailed,
    LicenceNotAccepted,
    UnknownModel,
    WeightsDamaged,
    WeightsMissing,
)
from cutsmith.machine.folders import data_folder
from cutsmith.models import catalogue

CONTENT = hashlib.shake_128(b"weights").digest(50_000)

CATALOGUE = """
[models.{name}]
title = "Tiny"
filename = "{name}.onnx"
urls = ["{url}/{name}.onnx"]
size = 50000
md5 = "{md5}"
licence = "{licence}"
commercial_use = {commercial}
origin = "these tests"
note = "For tests."
salient = {{ input_size = 8, mean = [0, 0, 0], std = [1, 1, 1], divide_by = "255", activation = "none", output = 0 }}
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    folder.mkdir()
    for name in ("CUTSMITH_MODELS", "U2NET_HOME", "REMBG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "CUTSMITH_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return folder


@pytest.fixture
def served(tmp_path):
    """The address of a real server, and the folder that it serves."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}", folder
        http.shutdown()
        thread.join()


@pytest.fixture
def tiny(served, monkeypatch):
    """A catalogue of two models that the server has: "tiny", and "tiny-nc", which is not for commercial use."""
    url, folder = served
    md5 = hashlib.md5(CONTENT).hexdigest()
    text = CATALOGUE.format(name="tiny", url=url, md5=md5, licence="MIT", commercial="true")
    text += CATALOGUE.format(name="tiny-nc", url=url, md5=md5, licence="CC BY-NC 4.0", commercial="false")
    text += '[rembg_sessions.bria-rmbg]\nlicence = "BRIA"\ncommercial_use = false\norigin = ""\n'
    parsed = catalogue.parse_catalogue(text)
    monkeypatch.setattr(catalogue, "_installed_catalogue", lambda: parsed)
    for name in parsed.models:
        (folder / f"{name}.onnx").write_bytes(CONTENT)
    return url


def run(*arguments: str, expected: type[Exception] | None = None):
    """The result of `cutsmith models ARGUMENTS`; with `expected` the error that it raises."""
    result = CliRunner().invoke(models, arguments, standalone_mode=False)
    if expected is not None:
        assert isinstance(result.exception, expected), (result.exception, result.output)
        return result.exception
    assert result.exception is None, result.exception
    return result


def test_list_shows_terms_and_where_every_model_is(home):
    (home / ".u2net").mkdir()
    (home / ".u2net" / "u2netp.onnx").write_bytes(b"truncated")
    lines = run("list").stdout.splitlines()
    row = {line.split()[0]: line for line in lines if line.split()}
    assert "179 MB" in row["isnet-general-use"]
    assert "Apache-2.0" in row["isnet-general-use"]
    assert row["isnet-general-use"].rstrip().endswith("no")
    assert "damaged (u2net)" in row["u2netp"]
    assert "AGPL-3.0" in row["isnet-general-use-fp16"]
    assert "bria-rmbg (not commercially)" in lines[-1]


def test_list_fits_a_narrow_terminal(monkeypatch):
    code = (
        "from rich.console import Console; import rich.console as c, functools;"
        "c.Console = functools.partial(Console, force_terminal=True, no_color=True);"
        "from cutsmith.cli.models_command import models; models(['list'])"
    )
    environ = {**os.environ, "COLUMNS": "80", "TERM": "dumb"}
    shown = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True).stdout
    table = [line for line in shown.splitlines() if "MB" in line or "not known" in line]
    assert len(table) == len(catalogue.catalogue())
    assert all(len(line) <= 80 for line in table)
    for name in catalogue.catalogue():
        assert any(line.split()[0] == name for line in table), f"{name} is cut off"


def test_list_as_json_has_everything(home):
    (home / ".u2net").mkdir()
    (home / ".u2net" / "u2net.onnx").write_bytes(b"")
    rows = {row["name"]: row for row in json.loads(run("list", "--json").stdout)}
    assert rows["u2net"]["path"] == str(home / ".u2net" / "u2net.onnx")
    assert rows["u2net"]["found_in"] == "u2net"
    assert rows["isnet-general-use"]["default"] is True
    assert rows["isnet-general-use"]["path"] is None
    assert rows["birefnet-general"]["size"] == 972666916
    assert all(row["licence"] and isinstance(row["commercial_use"], bool) for row in rows.values())


def test_fetch_prints_the_path_alone_on_standard_output(tiny):
    result = run("fetch", "tiny", "--yes")
    path = Path(result.stdout.strip())
    assert path == data_folder() / "models" / "tiny.onnx"
    assert path.read_bytes() == CONTENT
    assert "fetched and checked" in result.stderr
    again = run("fetch", "tiny", "tiny")
    assert again.stdout == result.stdout
    assert "already here" in again.stderr


# Holds the lock of a model's file; on a line of input, brings the file and lets go.
FETCHING_PROCESS = """
import filelock, pathlib, sys
with filelock.FileLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.readline()
    pathlib.Path(sys.argv[3]).write_bytes(pathlib.Path(sys.argv[2]).read_bytes())
"""


def test_a_process_that_only_waited_does_not_say_that_it_fetched(tiny, served):
    folder = data_folder() / "models"
    folder.mkdir(parents=True)
    arguments = [folder / ".tiny.onnx.lock", served[1] / "tiny.onnx", folder / "tiny.onnx"]
    other = subprocess.Popen(
        [sys.executable, "-c", FETCHING_PROCESS, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout.readline() == "held\n"
    waits = logging.Handler()
    waits.emit = lambda _: (other.stdin.write("bring it\n"), other.stdin.flush())
    logging.getLogger("cutsmith.models.fetching").addHandler(waits)
    try:
        said = run("fetch", "tiny", "--yes").stderr
    finally:
        logging.getLogger("cutsmith.models.fetching").removeHandler(waits)
        other.communicate(timeout=30)
    assert "tiny: fetched by another process" in said
    assert (folder / "tiny.onnx").read_bytes() == CONTENT


def test_fetch_without_a_terminal_needs_yes(tiny):
    error = run("fetch", "tiny", expected=BadOption)
    assert "127.0.0.1" in error.what
    assert error.remedy == "cutsmith models fetch tiny --yes"
    assert not (data_folder() / "models").exists()


def test_fetch_from_a_folder_needs_no_yes(tiny, served):
    run("fetch", "tiny", "--from", str(served[1]))
    assert (data_folder() / "models" / "tiny.onnx").read_bytes() == CONTENT


def test_fetch_from_an_address(tiny):
    run("fetch", "tiny", "--from", tiny, expected=BadOption)
    assert run("fetch", "tiny", "--from", tiny, "-y").exit_code == 0


def test_fetch_into_a_folder_puts_the_file_there(tiny, tmp_path):
    into = tmp_path / "Comfy UI" / "models" / "rembg"
    error = run("fetch", "tiny", "--into", str(into), expected=BadOption)
    assert error.remedy == f"cutsmith models fetch tiny --into '{into}' --yes"
    result = run("fetch", "tiny", "--into", str(into), "--yes")
    assert Path(result.stdout.strip()) == into / "tiny.onnx"
    assert (into / "tiny.onnx").read_bytes() == CONTENT
    assert not (data_folder() / "models").exists()
    assert "already here" in run("fetch", "tiny", "--into", str(into)).stderr


def test_fetch_into_a_folder_takes_a_copy_that_is_on_this_machine(tiny, served, tmp_path):
    run("fetch", "tiny", "--yes")
    (served[1] / "tiny.onnx").unlink()
    into = tmp_path / "rembg"
    # Nothing is downloaded, so nothing is asked.
    assert Path(run("fetch", "tiny", "--into", str(into)).stdout.strip()) == into / "tiny.onnx"
    assert (into / "tiny.onnx").read_bytes() == CONTENT
    assert (data_folder() / "models" / "tiny.onnx").read_bytes() == CONTENT


def test_fetch_into_a_file_is_refused(tiny, tmp_path):
    (tmp_path / "file").write_text("")
    run("fetch", "tiny", "--into", str(tmp_path / "file"), "--yes", expected=click.BadParameter)


def test_fetch_of_non_commercial_weights_needs_the_licence_accepted(tiny):
    error = run("fetch", "tiny", "tiny-nc", "--yes", expected=LicenceNotAccepted)
    assert "CC BY-NC 4.0" in error.what
    assert error.cures == (fetch("tiny-nc", "If that fits your use", accepts_licence=True),)
    assert not (data_folder() / "models").exists()
    assert run("fetch", "tiny-nc", "--yes", "--accept-licence").exit_code == 0


def test_fetch_of_unknown_names_fetches_nothing(tiny):
    assert "tiny" in run("fetch", "tiny", "tny", "--yes", expected=UnknownModel).remedy
    assert "--model rembg:bria-rmbg" in run("fetch", "bria-rmbg", expected=UnknownModel).remedy
    assert not (data_folder() / "models").exists()


def test_fetch_of_spoilt_weights_is_told(tiny, served):
    (served[1] / "tiny.onnx").write_bytes(CONTENT[::-1])
    run("fetch", "tiny", "--yes", expected=WeightsDamaged)


def test_an_interrupted_fetch_says_how_to_go_on(tiny, monkeypatch):
    def interrupted(*_args, **_keywords):
        raise KeyboardInterrupt

    monkeypatch.setattr("cutsmith.models.fetching.download", interrupted)
    with pytest.raises(DownloadFailed, match="interrupted") as caught:
        fetch_models(["tiny"], assume_yes=True)
    assert "Run the same command again to resume it: cutsmith models fetch tiny" in caught.value.remedy


def test_verify_reads_all_that_is_found(tiny, served):
    assert "No weights are on this machine" in run("verify").stderr
    run("fetch", "tiny", "--yes")
    result = run("verify")
    assert result.stdout.startswith("tiny: verified\n")
    assert result.return_value is None
    (data_folder() / "models" / "tiny.onnx").write_bytes(CONTENT[::-1])
    result = run("verify")
    assert "tiny: damaged" in result.stdout
    assert result.return_value == 3
    result = run("verify", "tiny", "tiny-nc", "--json")
    assert [row["status"] for row in json.loads(result.stdout)] == ["damaged", "missing"]
    assert result.return_value == 3


def test_where_names_the_folders_in_order_and_the_compiled_models(home, monkeypatch):
    monkeypatch.setenv("CUTSMITH_MODELS", str(home / "named"))
    lines = run("where").stdout.splitlines()
    assert lines[1] == f"  1. {home / 'named'}  (CUTSMITH_MODELS, fetch writes here, not there)"
    assert "compiled" in lines[-1]
    answer = json.loads(run("where", "--json").stdout)
    assert [row["origin"] for row in answer["folders"]] == ["CUTSMITH_MODELS", "cutsmith", "rembg", "u2net"]
    assert answer["compiled"].endswith("compiled")


def test_where_of_one_model_is_its_path_alone(tiny, served):
    run("where", "tiny", expected=WeightsMissing)
    run("fetch", "tiny", "--from", str(served[1]))
    assert run("where", "tiny").stdout == f"{data_folder() / 'models' / 'tiny.onnx'}\n"
    (data_folder() / "models" / "tiny.onnx").write_bytes(CONTENT[::-1])
    assert run("where", "tiny", expected=WeightsDamaged).exit_code == 3


@pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal")
def test_at_a_terminal_it_asks_with_size_licence_and_host_and_takes_no_for_an_answer():
    import pty

    controller, terminal = pty.openpty()
    code = "from cutsmith.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "models", "fetch", "birefnet-general-lite"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    said = _read_until(controller, b"Download? [Y/n]")
    for part in (b"224 MB", b"github.com", b"MIT", b"restricted to research"):
        assert part in said
    os.write(controller, b"n\n")
    said = _read_until(controller, b"fetch birefnet-general-lite\r\n")
    assert b"the answer was no" in said
    assert process.wait(timeout=30) == 3
    os.close(controller)


def _read_until(descriptor: int, wanted: bytes) -> bytes:
    said, give_up = b"", time.monotonic() + 30
    while wanted not in said and time.monotonic() < give_up:
        if select.select([descriptor], [], [], 0.5)[0]:
            said += os.read(descriptor, 65536)
    assert wanted in said, said
    return said


def test_the_commands_import_nothing_heavy():
    code = (
        "import sys, cutsmith.cli.models_command as m, cutsmith.models.store;"
        "m.models(['--help'], standalone_mode=False);"
        "print(sorted({'numpy', 'cv2', 'requests', 'rich', 'onnxruntime', 'openvino'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == "[]"
