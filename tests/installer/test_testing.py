import json
import sys
from pathlib import Path

import pytest

from installer import testing
from installer.folders import Clone
from installer.testing import run_tests

TELLS = """
import json, os, sys
from pathlib import Path
names = ("CUTSMITH_HOSTS", "CUTSMITH_REQUIRE_HOSTS", "CUTSMITH_CHROMIUM")
Path("said.json").write_text(json.dumps([sys.argv[1:], {name: os.environ.get(name) for name in names}]))
sys.exit(7)
"""


@pytest.fixture
def clone(tmp_path, own_folders, monkeypatch):
    """A clone in which pytest is a script that writes down what it was given."""
    (tmp_path / "pytest.py").write_text(TELLS)
    monkeypatch.delenv("CUTSMITH_REQUIRE_HOSTS", raising=False)
    monkeypatch.setattr(testing, "prepare_environment", lambda clone, installation: Path(sys.executable))
    monkeypatch.setattr(testing, "ensure_weights", lambda python: None)
    return Clone(tmp_path)


def test_without_hosts_none_is_prepared_and_none_is_required(clone, monkeypatch):
    monkeypatch.setattr(testing, "prepare_hosts", lambda *_: pytest.fail("prepared"))
    assert run_tests(clone, ["-x"], hosts=False) == 7
    arguments, variables = json.loads((clone.root / "said.json").read_text())
    assert arguments == ["-x"]
    assert set(variables.values()) == {None}


def test_with_hosts_the_tests_are_told_where_they_are_and_that_they_have_to_be_there(clone, own_folders, monkeypatch):
    def prepare(clone, hosts, python):
        return {"CUTSMITH_HOSTS": str(hosts), "CUTSMITH_CHROMIUM": "/a/chromium"}

    monkeypatch.setattr(testing, "prepare_hosts", prepare)
    assert run_tests(clone, [], hosts=True) == 7
    _, variables = json.loads((clone.root / "said.json").read_text())
    assert variables == {
        "CUTSMITH_HOSTS": str(own_folders / "cache" / "cutsmith" / "hosts"),
        "CUTSMITH_REQUIRE_HOSTS": "1",
        "CUTSMITH_CHROMIUM": "/a/chromium",
    }
