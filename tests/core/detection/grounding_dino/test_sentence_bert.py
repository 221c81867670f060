"""The text encoder keeps every phrase to itself, and leaves nothing of the other package changed."""

from __future__ import annotations

import pytest

from tests.core.detection.random_dino import TINY_BERT

pytestmark = pytest.mark.torch

PHRASES = ("red mug", "a small dog with long ears", "table")


@pytest.fixture(scope="module")
def encode(tiny_dino_detector):
    """Caption -> what the text encoder gives for it (T, hidden_size), masked as upstream does it."""
    import torch
    from groundingdino.models.GroundingDINO.bertwarper import generate_masks_with_special_tokens_and_transfer_map

    module = tiny_dino_detector.module

    def encoded(text: str):
        tokens = module.tokenizer([text], return_tensors="pt")
        mask, positions, _ = generate_masks_with_special_tokens_and_transfer_map(
            tokens, module.specical_tokens, module.tokenizer
        )
        with torch.inference_mode():
            return module.bert(tokens["input_ids"], mask, tokens["token_type_ids"], positions)["last_hidden_state"][0]

    return encoded


def test_a_phrase_is_encoded_the_same_whatever_stands_beside_it(encode) -> None:
    import torch

    together = encode(" ".join(f"{phrase}." for phrase in PHRASES))
    assert together.shape == (14, TINY_BERT["hidden_size"])
    first = 1
    for phrase in PHRASES:
        alone = encode(f"{phrase}.")[1:-1]
        torch.testing.assert_close(together[first : first + len(alone)], alone, rtol=0, atol=1e-5)
        first += len(alone)


def test_words_of_one_phrase_see_each_other(encode) -> None:
    assert (encode("red mug.")[1] - encode("red table.")[1]).abs().max() > 1e-3


def test_it_runs_in_half_precision_as_on_a_graphics_processor(encode) -> None:
    import torch

    with torch.autocast("cpu", torch.bfloat16):
        rough = encode("red mug. table.")
    assert (rough - encode("red mug. table.")).abs().max() < 0.2
