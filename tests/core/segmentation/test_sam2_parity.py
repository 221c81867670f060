"""Our SAM 2 against upstream's predictor: the same checkpoint and picture files, two processes, equal logits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cutsmith.picture import Picture
from cutsmith.protocols import Point, Prompt
from cutsmith.segmentation.loading import load_segmenter
from tests.core.segmentation.random_sam2 import TINY_CONFIG, TINY_OVERRIDES

pytestmark = pytest.mark.torch

TOLERANCE = 1e-4
REFERENCE = Path(__file__).with_name("upstream_reference.py")
SIZES = {"wide": (211, 90), "tall": (83, 240), "odd": (301, 257)}


def prompts_for(width: int, height: int, mask: Path) -> dict[str, dict]:
    """The same questions in upstream's words, in shares of the picture."""

    def at(x, y):
        return [round(x * width, 2), round(y * height, 2)]

    box = [*at(0.2, 0.3), *at(0.7, 0.8)]
    other = [*at(0.25, 0.3), *at(0.75, 0.85)]
    rows, columns = np.mgrid[:height, :width]
    rough = ((columns - 0.4 * width) ** 2 / width**2 + (rows - 0.6 * height) ** 2 / height**2) < 0.05
    np.save(mask, rough.astype(np.float32))
    return {
        "box": {"box": box},
        "moved box": {"box": other},
        "one point": {"points": [at(0.5, 0.5)], "labels": [1], "multimask": True},
        "three points": {"points": [at(0.5, 0.5), at(0.4, 0.6), at(0.9, 0.1)], "labels": [1, 1, 0]},
        "mask": {"mask": str(mask)},
        "box, point and mask": {"box": box, "points": [at(0.9, 0.1)], "labels": [0], "mask": str(mask)},
        "batched boxes": {"boxes": [box, other, [*at(0.0, 0.0), *at(1.0, 1.0)]]},
    }


def as_prompts(asked: dict) -> list[Prompt]:
    points = tuple(
        Point(*xy, label) for xy, label in zip(asked.get("points", ()), asked.get("labels", ()), strict=True)
    )
    mask = np.load(asked["mask"]) if "mask" in asked else None
    if "boxes" in asked:
        return [Prompt(box=tuple(box)) for box in asked["boxes"]]
    return [Prompt(tuple(asked["box"]) if "box" in asked else None, points, mask)]


def answers_of_both(folder: Path, checkpoint: Path, config: str, overrides, pictures: dict[str, Path]):
    prompts = {}
    for name, path in pictures.items():
        picture = Picture.read(path)
        prompts[name] = prompts_for(picture.width, picture.height, folder / f"{name}-mask.npy")
    questions = {
        "config": f"configs/{config}.yaml",
        "overrides": list(overrides),
        "checkpoint": str(checkpoint),
        "pictures": {name: str(path) for name, path in pictures.items()},
        "prompts": prompts,
    }
    (folder / "questions.json").write_text(json.dumps(questions))
    command = [sys.executable, str(REFERENCE), str(folder / "questions.json"), str(folder / "answers.npz")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    theirs = dict(np.load(folder / "answers.npz"))

    segmenter = load_segmenter(str(checkpoint), device="cpu").model
    ours = {
        f"{name}/{asked}": segmenter.segment(Picture.read(path).srgb(), as_prompts(prompt))
        for name, path in pictures.items()
        for asked, prompt in prompts[name].items()
    }
    return ours, theirs


def write_picture(path: Path, width: int, height: int, seed: int = 0) -> Path:
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    inside = np.abs(columns - 0.5 * width) + np.abs(rows - 0.5 * height) < 0.4 * min(width, height)
    pixels = np.where(inside[..., None], (200, 60, 40), (60, 90, 160)) + generator.normal(0, 12, (height, width, 3))
    Picture(np.clip(pixels, 0, 255).astype(np.uint8)).save(path)
    return path


@pytest.fixture(scope="module")
def tiny_answers(tmp_path_factory, tiny_sam2):
    folder = tmp_path_factory.mktemp("parity")
    pictures = {name: write_picture(folder / f"{name}.png", *size) for name, size in SIZES.items()}
    return answers_of_both(folder, tiny_sam2, TINY_CONFIG, TINY_OVERRIDES, pictures)


def assert_equal_logits(ours, theirs, names):
    for name in names:
        reference, ious = theirs[name], theirs[f"{name}/iou"]
        if name.endswith("one point"):
            reference, ious = reference[ious.argmax()][None], ious.max()[None]
        assert len(ours[name]) == len(reference)
        for segment, logits, iou in zip(ours[name], reference, ious, strict=True):
            assert segment.logits().shape == logits.shape
            np.testing.assert_allclose(segment.logits(), logits, rtol=0, atol=TOLERANCE, err_msg=name)
            assert segment.predicted_iou == pytest.approx(float(iou), abs=TOLERANCE)
            np.testing.assert_allclose(
                segment.soft_mask(), 1 / (1 + np.exp(-logits.astype(np.float64))), atol=TOLERANCE
            )


@pytest.mark.parametrize("picture", SIZES)
@pytest.mark.parametrize("prompt", ["box", "one point", "three points", "mask", "box, point and mask", "batched boxes"])
def test_logits_equal_upstreams(tiny_answers, picture, prompt):
    assert_equal_logits(*tiny_answers, [f"{picture}/{prompt}"])


@pytest.mark.parametrize("picture", SIZES)
def test_what_is_asked_moves_the_logits_far_more_than_the_tolerance(tiny_answers, picture):
    ours, _ = tiny_answers
    box = ours[f"{picture}/box"][0].logits()
    for other in ("moved box", "one point", "mask", "three points"):
        assert np.abs(ours[f"{picture}/{other}"][0].logits() - box).max() >= 100 * TOLERANCE, other


@pytest.mark.slow
def test_the_full_tiny_network_equals_upstreams(tmp_path, random_sam2):
    checkpoint = random_sam2(overrides=())
    pictures = {"odd": write_picture(tmp_path / "odd.png", *SIZES["odd"])}
    ours, theirs = answers_of_both(tmp_path, checkpoint, TINY_CONFIG, (), pictures)
    assert_equal_logits(ours, theirs, ours)
    moved = ours["odd/moved box"][0].logits() - ours["odd/box"][0].logits()
    assert np.abs(moved).max() >= 100 * TOLERANCE
