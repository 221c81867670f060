import json
import sys
from pathlib import Path

import pytest

from installer import testing
from installer.environment.extras import TORCH_USERS
from installer.environment.virtual_environment import PRODUCT_AND_TESTS, QUICK_TESTS
from installer.folders import Clone
from installer.testing import run_tests
from tests.hosts.preparation import prepare

TELLS = """
import json, os, sys
from pathlib import Path
names = ("CUTSMITH_HOSTS", "CUTSMITH_REQUIRE_HOSTS", "CUTSMITH_CHROMIUM")
Path("said.json").write_text(json.dumps([sys.argv[1:], {name: os.environ.get(name) for name in names}]))
sys.exit(7)
"""


@pytest.fixture
def prepared(monkeypatch):
    """What is set up, in the place of setting it up."""
    made = []

    def prepare_environment(clone, installation):
        made.append(installation)
        return Path(sys.executable)

    monkeypatch.setattr(testing, "prepare_environment", prepare_environment)
    monkeypatch.setattr(testing, "ensure_weights", lambda python: made.append("weights"))
    return made


@pytest.fixture
def clone(tmp_path, own_folders, prepared, monkeypatch):
    """A clone in which pytest is a script that writes down what it was given."""
    (tmp_path / "pytest.py").write_text(TELLS)
    monkeypatch.delenv("CUTSMITH_REQUIRE_HOSTS", raising=False)
    return Clone(tmp_path)


def test_without_hosts_none_is_prepared_and_none_is_required(clone, prepared, monkeypatch):
    monkeypatch.setattr(prepare, "prepare_hosts", lambda *_: pytest.fail("prepared"))
    assert run_tests(clone, ["-x"], hosts=False) == 7
    arguments, variables = json.loads((clone.root / "said.json").read_text())
    assert arguments == ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "-x"]
    assert set(variables.values()) == {None}
    assert prepared == [PRODUCT_AND_TESTS, "weights"]


def test_the_quick_tier_takes_neither_weights_nor_pytorch_and_both_cores(clone, prepared):
    assert run_tests(clone, ["-x"], quick=True) == 7
    arguments, _ = json.loads((clone.root / "said.json").read_text())
    assert arguments == ["--quick", "-n", "2", "--dist", "worksteal", "-x"]
    assert prepared == [QUICK_TESTS]
    assert not {*QUICK_TESTS.extras} & {*TORCH_USERS, "rembg"}


def test_with_hosts_the_tests_are_told_where_they_are_and_that_they_have_to_be_there(clone, own_folders, monkeypatch):
    def prepare_hosts(clone, hosts, python):
        return {"CUTSMITH_HOSTS": str(hosts), "CUTSMITH_CHROMIUM": "/a/chromium"}

    monkeypatch.setattr(prepare, "prepare_hosts", prepare_hosts)
    assert run_tests(clone, [], hosts=True) == 7
    _, variables = json.loads((clone.root / "said.json").read_text())
    assert variables == {
        "CUTSMITH_HOSTS": str(own_folders / "cache" / "cutsmith" / "hosts"),
        "CUTSMITH_REQUIRE_HOSTS": "1",
        "CUTSMITH_CHROMIUM": "/a/chromium",
    }
