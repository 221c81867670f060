from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from cutsmith.cli.serve_keys_command import keys
from cutsmith.errors import BadOption
from cutsmith.service.keys import KeyRing


@pytest.fixture
def run(tmp_path):
    path = tmp_path / "keys.json"

    def invoke(*arguments: str):
        return CliRunner().invoke(keys, [*arguments, "--keys", str(path)], standalone_mode=False)

    invoke.path = path
    return invoke


def test_a_key_is_shown_once_on_standard_output_alone(run) -> None:
    done = run("add", "Anna's shop")
    key = done.stdout.strip()
    assert KeyRing(run.path).check(key) == "Anna's shop"
    assert key not in done.stderr
    assert "cannot be shown again" in done.stderr
    assert key not in run("list").stdout + run("list", "--json").stdout


def test_keys_are_listed_with_their_first_letters(run) -> None:
    key = run("add", "Anna's shop").stdout.strip()
    run("add", "B")
    first, second = run("list").stdout.splitlines()
    assert first.startswith(f"Anna's shop  {key[:7]}...  20")
    assert second.startswith("B            cs_")
    told = json.loads(run("list", "--json").stdout)
    assert [(each["name"], set(each)) for each in told] == [
        ("Anna's shop", {"name", "start", "created"}),
        ("B", {"name", "start", "created"}),
    ]


def test_without_keys_the_list_says_how_to_make_one(run) -> None:
    done = run("list")
    assert done.stdout == ""
    assert "cutsmith serve keys add NAME" in done.stderr
    assert json.loads(run("list", "--json").stdout) == []


def test_a_revoked_key_opens_nothing(run) -> None:
    key = run("add", "A").stdout.strip()
    ring = KeyRing(run.path)
    assert ring.check(key) == "A"
    assert run("revoke", "A").exception is None
    assert ring.check(key) is None
    assert isinstance(run("revoke", "A").exception, BadOption)
