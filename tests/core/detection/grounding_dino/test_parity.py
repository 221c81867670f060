"""Our Grounding DINO against upstream's own functions: the same checkpoint and picture files, two processes."""

from __future__ import annotations

import numpy as np
import pytest

from cutsmith.detection.detector import GroundingDetector
from cutsmith.detection.grounding_dino.network import open_grounding_dino
from cutsmith.picture import Picture
from cutsmith.protocols import GROUNDING_DINO_THRESHOLDS
from tests.core.detection.random_dino import TINY_BERT, TINY_DETECTOR, TINY_SWIN

pytestmark = pytest.mark.torch

TOLERANCE = 1e-4
# Long ones: they are shown at fewer pixels, and need a fraction of the time. Other shapes: test_image_tensor.py.
SIZES = {"wide": (611, 92), "tall": (75, 520), "odd": (457, 131)}
PHRASES = "Red mug, table;a small dog with long ears\nred MUG"
CAPTION = "red mug. table. a small dog with long ears"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory, textured):
    folder = tmp_path_factory.mktemp("pictures")
    return {
        name: textured(folder / f"{name}.png", width, height, seed)
        for seed, (name, (width, height)) in enumerate(SIZES.items())
    }


@pytest.fixture(scope="module")
def upstream(tmp_path_factory, answers_of, tiny_dino, vocabulary, pictures):
    questions = {
        "checkpoint": str(tiny_dino),
        "vocabulary": str(vocabulary),
        "detector": TINY_DETECTOR,
        "swin": TINY_SWIN,
        "bert": TINY_BERT,
        "pictures": {name: str(path) for name, path in pictures.items()},
        "captions": dict.fromkeys(pictures, CAPTION),
    }
    return answers_of("upstream_reference.py", questions, tmp_path_factory.mktemp("upstream"))


@pytest.fixture(scope="module")
def ours(tiny_dino_detector, pictures):
    return {name: tiny_dino_detector.candidates(Picture.read(path).pixels, PHRASES) for name, path in pictures.items()}


@pytest.mark.parametrize("picture", SIZES)
def test_raw_logits_and_boxes_equal_upstreams(picture, upstream, ours) -> None:
    theirs, found = upstream[f"{picture}/logits"], ours[picture].logits
    read = np.isfinite(theirs)
    np.testing.assert_array_equal(np.isfinite(found), read)
    # [CLS] red mug . table . a small dog with long ears . [SEP]
    assert (read.sum(axis=1) == 14).all()
    np.testing.assert_allclose(found[read], theirs[read], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(ours[picture].boxes, upstream[f"{picture}/boxes"], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("picture", SIZES)
def test_the_weights_are_such_that_equality_says_something(picture, upstream) -> None:
    logits, boxes = upstream[f"{picture}/logits"], upstream[f"{picture}/boxes"]
    scores = 1 / (1 + np.exp(-logits.max(axis=1)))
    passing = scores > GROUNDING_DINO_THRESHOLDS.box
    assert 3 <= passing.sum() <= 30
    widths, heights = boxes[passing, 2], boxes[passing, 3]
    assert (np.abs(widths - heights) > 0.01 * np.maximum(widths, heights)).all()
    assert np.ptp(scores[passing]) > 0.1
    assert scores.max() < 0.99


def test_other_words_and_other_pixels_give_other_logits(tiny_dino_detector, pictures, ours) -> None:
    pixels = Picture.read(pictures["wide"]).pixels
    columns = slice(0, 6)
    known = ours["wide"].logits[:, columns]
    other_words = tiny_dino_detector.candidates(pixels, "red cup, chair").logits[:, columns]
    mirrored = tiny_dino_detector.candidates(np.ascontiguousarray(pixels[:, ::-1]), PHRASES).logits[:, columns]
    assert np.abs(other_words - known).max() > 100 * TOLERANCE
    assert np.abs(mirrored - known).max() > 100 * TOLERANCE


# The official sizes of Swin-T: 173 million parameters.
OFFICIAL_DETECTOR = {"enc_layers": 6, "dec_layers": 6, "dim_feedforward": 2048, "num_queries": 900, "hidden_dim": 256}
OFFICIAL_SWIN = {"embed_dim": 96, "depths": [2, 2, 6, 2], "num_heads": [3, 6, 12, 24], "window_size": 7}
OFFICIAL_BERT = {
    **TINY_BERT,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
}


@pytest.mark.slow
def test_the_whole_swin_t_equals_upstreams(tmp_path, random_dino, vocabulary, answers_of, pictures) -> None:
    checkpoint = random_dino(OFFICIAL_DETECTOR, OFFICIAL_SWIN, OFFICIAL_BERT)
    try:
        questions = {
            "checkpoint": str(checkpoint),
            "vocabulary": str(vocabulary),
            "detector": {},
            "swin": None,
            "bert": OFFICIAL_BERT,
            "pictures": {"wide": str(pictures["wide"])},
            "captions": {"wide": CAPTION},
        }
        upstream = answers_of("upstream_reference.py", questions, tmp_path)
        detector = GroundingDetector("Swin-T", open_grounding_dino(checkpoint, vocabulary), checkpoint.name)
        ours = detector.candidates(Picture.read(pictures["wide"]).pixels, PHRASES)
    finally:
        checkpoint.unlink()
    read = np.isfinite(upstream["wide/logits"])
    assert np.ptp(upstream["wide/logits"][read]) > 1
    np.testing.assert_allclose(ours.logits[read], upstream["wide/logits"][read], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(ours.boxes, upstream["wide/boxes"], rtol=0, atol=TOLERANCE)
