"""`cutsmith batch` as a person runs it: what it says, what it writes, and how it ends."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from cutsmith import Models
from cutsmith.batch.weights import Weights
from cutsmith.cli import cutsmith as command_line
from cutsmith.cli.batch_command import _catalogue, batch
from cutsmith.errors import BadOption, ExtraMissing
from tests.core.stand_ins import LeftHalf

OPTIONS = ("--matting", "none", "--looks", "1")


@pytest.fixture
def shop(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    given = Models(remover=LeftHalf())
    monkeypatch.setattr(Weights, "__init__", lambda self: vars(self).update(_pool=None, _given=given))
    monkeypatch.setattr(Weights, "of", lambda self, request: given.provenance())
    for number in range(3):
        path = tmp_path / "shop" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (60, 40), (90, 20, 40 * number)).save(path)
    return tmp_path


def run(*arguments: str, code: int = 0):
    done = CliRunner().invoke(command_line, ["batch", *arguments, *OPTIONS])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done


def test_it_says_what_is_done_and_where_the_report_is(shop) -> None:
    said = run("shop", "-o", "out").stderr
    assert "3 pictures cut out, " in said
    assert "the report is out/report.html" in said
    assert (shop / "out" / "report.html").is_file()
    assert "3 pictures done already." in run("shop", "-o", "out").stderr


def test_what_failed_is_told_with_the_way_to_try_again(shop) -> None:
    (shop / "shop" / "bad.png").write_bytes(b"")
    said = run("shop", "-o", "out", code=1).stderr
    assert "bad.png is empty" in said
    assert "1 failed" in said
    said = run("shop", "-o", "out", code=1).stderr
    assert "1 tried without a result (--retry-failed tries those again)" in said


def test_a_dry_run_writes_nothing_and_tells_the_time(shop) -> None:
    done = run("shop", "-o", "out", "--dry-run")
    assert done.stdout.splitlines() == [f"shop/{number}.png -> out/{number}.png" for number in range(3)]
    assert "3 pictures to cut out, 0 done already. Nothing was written." in done.stderr
    assert "measured on 3 pictures" in done.stderr
    assert not (shop / "out").exists()


def test_json_prints_the_rows(shop) -> None:
    rows = [json.loads(line) for line in run("shop", "-o", "out", "--json").stdout.splitlines()]
    assert {row["input"] for row in rows} == {f"shop/{number}.png" for number in range(3)}
    assert all(row["quality"]["verdict"] in ("accept", "review") for row in rows)


@pytest.mark.parametrize("option", ["--detections-only", "--skip-existing"])
def test_options_without_a_meaning_here_are_refused(shop, option: str) -> None:
    with pytest.raises(BadOption):
        run("shop", "-o", "out", option)


def test_a_limit_says_what_is_left(shop) -> None:
    assert "2 pictures left: run the same command again." in run("shop", "-o", "out", "--limit", "1").stderr


@pytest.mark.parametrize(
    ("given", "ray", "engine"),
    [
        ((), None, "auto"),
        (("--engine", "onnxruntime"), None, "onnxruntime"),
        (("--engine", "ray"), "local", "auto"),
        (("--ray-address", "10.0.0.7:6379"), "10.0.0.7:6379", "auto"),
        (("--engine", "ray", "--ray-address", "auto"), "auto", "auto"),
        (("--engine", "onnxruntime", "--ray-address", "local"), "local", "onnxruntime"),
    ],
)
def test_ray_spreads_the_pictures_and_leaves_the_networks_engine_alone(given, ray, engine) -> None:
    options = batch.make_context("batch", ["shop", "-o", "out", *given]).params
    asked = _catalogue(options)
    assert (asked.ray, asked.request.runtime.engine) == (ray, engine)


def test_one_picture_is_not_spread() -> None:
    done = CliRunner().invoke(command_line, ["cut", "a.png", "--engine", "ray"])
    assert done.exit_code == 2
    assert "'ray' is not one of" in done.stderr


def test_without_ray_its_extra_is_named_before_any_work(shop, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ExtraMissing, match=r"cutsmith\[ray\]"):
        run("shop", "-o", "out", "--engine", "ray")
    assert not (shop / "out" / "manifest.jsonl").exists()
