"""`cutsmith finetune`, run as a user runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from benchmarks.generated_products import write_products
from cutsmith import cut_out
from cutsmith.cli.finetune_command import finetune
from cutsmith.errors import EngineMissing, ModelUnusable, WeightsDamaged
from cutsmith.finetuning.faults import BadExamples
from cutsmith.finetuning.splitting import TooFewGroups

pytestmark = [pytest.mark.torch, pytest.mark.slow]

COMMON = ["--no-matting", "--learning-rate", "1e-3", "--batch", "4"]


@pytest.fixture(scope="module")
def products(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("products")
    write_products(folder, products=8, pictures=3)
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("CUTSMITH_CACHE", str(tmp_path_factory.mktemp("cache")))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(finetune, [str(each) for each in arguments])


def of(products: Path, output: Path, base: Path, *more: object) -> list[object]:
    return [products / "pictures", products / "masks", "-o", output, "--base", base, *COMMON, *more]


def test_a_tuned_network_is_judged_kept_and_used_at_once(products, tiny_sam2, tmp_path) -> None:
    output = tmp_path / "mugs.pt"
    done = run(*of(products, output, tiny_sam2, "--epochs", 4, "--keep", "--json"))
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert "18 pictures of 6 products to learn from, 6 of 2 held out" in done.stderr
    assert [report["epoch"] for report in told["epochs"]] == [0, 1, 2, 3, 4]
    assert set(told["forgetting"]) == {"mean", "photographs", "left_out"}
    assert Path(told["sheet"]).read_bytes()[:2] == b"\xff\xd8"
    assert told["output"] == str(output)
    assert not output.with_suffix(".training").exists()
    picture = products / "pictures" / "product000-00.jpg"
    cut = cut_out(picture, box=(100, 100, 300, 300), segmenter=str(output), matting="none")
    assert cut.provenance["segmenter"] == str(output)


def test_masks_of_other_pictures_teach_nothing_and_the_verdict_says_so(tiny_sam2, tmp_path) -> None:
    folder = tmp_path / "shuffled"
    write_products(folder, products=8, pictures=3, is_shuffled=True)
    output = tmp_path / "mugs.pt"
    done = run(*of(folder, output, tiny_sam2, "--epochs", 3))
    assert done.exit_code == 1, done.output
    assert "Not better" in done.stdout
    assert "run this again with --keep: nothing is trained anew" in done.stdout
    assert not output.exists()
    assert not output.with_suffix(".toml").exists()
    again = run(*of(folder, output, tiny_sam2, "--epochs", 3, "--keep"))
    assert again.exit_code == 0, again.output
    assert "epoch" not in again.stderr
    assert output.exists()


def test_a_dry_run_tells_pictures_products_memory_and_time(products, tiny_sam2, tmp_path) -> None:
    done = run(*of(products, tmp_path / "mugs.pt", tiny_sam2, "--dry-run"))
    assert done.exit_code == 0, done.output
    assert "18 pictures of 6 products" in done.stderr
    for part in ("Encoding", "of disk", "An epoch takes about", "of memory on cpu"):
        assert part in done.stdout
    assert not list(tmp_path.iterdir())


def test_one_product_alone_is_refused(tiny_sam2, tmp_path) -> None:
    folder = tmp_path / "one"
    write_products(folder, products=1, pictures=3)
    assert isinstance(run(*of(folder, tmp_path / "mugs.pt", tiny_sam2)).exception, TooFewGroups)


def test_a_mask_of_another_size_is_told_by_its_file(tiny_sam2, tmp_path) -> None:
    folder = tmp_path / "odd"
    write_products(folder, products=3, pictures=2)
    cv2.imwrite(str(folder / "masks" / "product001-01.png"), np.full((5, 7), 255, np.uint8))
    error = run(*of(folder, tmp_path / "mugs.pt", tiny_sam2)).exception
    assert isinstance(error, BadExamples)
    assert "product001-01" in str(error)


def no_sam2(path: Path, _data: bytes) -> None:
    import torch

    torch.save({"model": {"layer.weight": torch.zeros(3)}}, path)


@pytest.mark.parametrize(
    ("spoil", "kind", "told"),
    [
        (lambda path, data: path.write_bytes(data[: len(data) // 2]), WeightsDamaged, "is not a complete checkpoint"),
        (lambda path, data: path.write_bytes(b"\0" * 100), WeightsDamaged, "is not a complete checkpoint"),
        (no_sam2, ModelUnusable, "is not a SAM 2 checkpoint"),
    ],
    ids=["truncated", "no checkpoint", "not SAM 2"],
)
def test_a_base_that_is_none_is_refused(products, tiny_sam2, tmp_path, spoil, kind, told) -> None:
    base = tmp_path / "base.pt"
    spoil(base, tiny_sam2.read_bytes())
    error = run(*of(products, tmp_path / "mugs.pt", base)).exception
    assert isinstance(error, kind)
    assert told in str(error)


def test_a_device_that_is_not_there_is_refused(products, tiny_sam2, tmp_path, monkeypatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    error = run(*of(products, tmp_path / "mugs.pt", tiny_sam2, "--device", "cuda")).exception
    assert isinstance(error, EngineMissing)
    assert "cuda was asked for, but PyTorch does not see it here" in str(error)


@pytest.mark.parametrize("given", ["30", "0s", "-5m", "soon"])
def test_a_time_that_is_none_is_refused(products, tiny_sam2, tmp_path, given) -> None:
    done = run(*of(products, tmp_path / "mugs.pt", tiny_sam2, f"--time-budget={given}"))
    assert done.exit_code == 2
    assert "such as 30m" in done.stderr


# The command, which writes its state after each step.
KILLED = """
from cutsmith.finetuning.training import TrainingSettings
TrainingSettings.__init__.__defaults__ = (*TrainingSettings.__init__.__defaults__[:-1], 0.0)
from cutsmith.cli import main
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_run_that_is_killed_ten_times_ends_with_the_same_weights(products, tiny_sam2, tmp_path) -> None:
    import torch

    def command(output: Path) -> list[str]:
        asked = of(products, output, tiny_sam2, "--epochs", 3, "--keep", "--threads", 1)
        return [sys.executable, "-c", KILLED, "finetune", *map(str, asked)]

    environment = {**os.environ, "CUTSMITH_CACHE": str(tmp_path / "cache")}
    whole, killed = tmp_path / "whole.pt", tmp_path / "killed.pt"
    begun = time.monotonic()
    subprocess.run(command(whole), env=environment, check=True, capture_output=True)
    seconds = time.monotonic() - begun
    generator = np.random.default_rng(0)
    for _ in range(10):
        process = subprocess.Popen(
            command(killed), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            process.wait(float(generator.uniform(0.3, 0.9)) * seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        if killed.exists():
            break
    if not killed.exists():
        subprocess.run(command(killed), env=environment, check=True, capture_output=True)
    one, other = (torch.load(path, weights_only=True)["model"] for path in (whole, killed))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
