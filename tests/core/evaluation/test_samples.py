"""Pairs are found in both layouts, and what is wrong with a folder or a truth is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutsmith.errors import PictureError
from cutsmith.evaluation.samples import BadTruth, NoSamples, find_samples, read_truth


def write(path: Path, mode: str = "L", size: tuple[int, int] = (40, 30), value: object = 128) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value).save(path)
    return path


def test_pairs_beside_each_other_and_a_picture_without_truth(tmp_path):
    for name in ("a", "a_alpha", "a_trimap", "b"):
        write(tmp_path / f"{name}.png")
    found = find_samples(tmp_path)
    assert [each.name for each in found.samples] == ["a"]
    assert found.samples[0].trimap == tmp_path / "a_trimap.png"
    assert found.without_truth == ("b",)


@pytest.mark.parametrize(("images", "alphas"), [("images", "alpha"), ("im", "gt"), ("images", "masks")])
def test_pairs_in_folders(tmp_path, images, alphas):
    write(tmp_path / images / "a.jpg")
    write(tmp_path / alphas / "a.png")
    (sample,) = find_samples(tmp_path).samples
    truth = read_truth(sample, 30, 40)
    assert truth.trimap is None
    assert np.allclose(truth.alpha, 128 / 255)


def test_no_pairs_are_told_with_what_was_found(tmp_path):
    write(tmp_path / "a.png")
    with pytest.raises(NoSamples, match="found 1 pictures, none with its alpha"):
        find_samples(tmp_path)
    with pytest.raises(NoSamples, match="is no folder"):
        find_samples(tmp_path / "missing")


def test_truths_that_cannot_be_compared(tmp_path):
    write(tmp_path / "a.png")
    alpha = write(tmp_path / "a_alpha.png", size=(41, 30))
    (sample,) = find_samples(tmp_path).samples
    with pytest.raises(BadTruth, match="41 x 30 pixels, but its picture has 40 x 30"):
        read_truth(sample, 30, 40)
    write(alpha, "RGB", value=(255, 0, 0))
    with pytest.raises(BadTruth, match="must be gray"):
        read_truth(sample, 30, 40)
    alpha.write_bytes(b"no picture")
    with pytest.raises(PictureError):
        read_truth(sample, 30, 40)
