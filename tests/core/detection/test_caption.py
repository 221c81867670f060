"""What a detector reads: a text as upstream writes it, where each phrase lies in it, and what did not fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutsmith.cures import advise
from cutsmith.detection.caption import write_caption
from cutsmith.detection.grounding_dino.vocabulary import bert_tokenizer
from cutsmith.errors import Notice

MAX_TOKENS = 256


@pytest.fixture(scope="module")
def tokenizer(vocabulary):
    return bert_tokenizer(vocabulary, 30522)


@pytest.fixture(scope="module")
def count(tokenizer):
    return lambda text: len(tokenizer.tokenize(text))


def letters(text: str) -> int:
    """A tokenizer for which every letter is a token."""
    return len(text.replace(" ", ""))


def test_the_text_is_as_upstream_writes_it(count) -> None:
    caption = write_caption(("Red Mug", "table", "whose hat?"), count, MAX_TOKENS)
    assert caption.text == "red mug. table. whose hat."
    assert caption.phrases == ("Red Mug", "table", "whose hat?")
    assert caption.warnings == ()


PHRASES = ("Red mug", "table", "café crème", "tyrannosaurus skeletons", "t-shirt", "ærø 7 [SEP] x", "🍎 apple")


def test_spans_hold_each_phrases_own_tokens(tokenizer, count) -> None:
    caption = write_caption(PHRASES, count, MAX_TOKENS)
    tokens = tokenizer.convert_ids_to_tokens(tokenizer(caption.text)["input_ids"])
    for phrase, (first, end) in zip(PHRASES, caption.spans, strict=True):
        assert tokens[first:end] == tokenizer.tokenize(phrase.lower())
        assert tokens[end] == "."
        assert tokens[first - 1] in (".", "[CLS]")
    assert tokens[caption.spans[-1][1] + 1] == "[SEP]"
    # A special token cannot be smuggled in.
    assert tokens.count("[SEP]") == 1


def test_two_thousand_words_are_cut_and_the_cut_is_told(tokenizer, count) -> None:
    words = [f"{word}s" for word in ("cat", "dog", "house", "tree") * 500]
    caption = write_caption((" ".join(words),), count, MAX_TOKENS)
    assert len(tokenizer(caption.text)["input_ids"]) == MAX_TOKENS
    # [CLS], the full stop and [SEP] take three.
    assert caption.text == " ".join(words[:253]) + "."
    assert caption.phrases == (" ".join(words[:253]),)
    (told,) = caption.warnings
    assert told.startswith('Only the first 253 of 2,000 words are read, and nothing from "dogs houses trees')
    assert "256 tokens" in told


def test_two_thousand_phrases_are_left_out_whole(tokenizer, count) -> None:
    phrases = tuple(f"cat {number}" for number in range(2000))
    caption = write_caption(phrases, count, MAX_TOKENS)
    read = len(caption.phrases)
    assert caption.phrases == phrases[:read]
    assert MAX_TOKENS - 3 < len(tokenizer(caption.text)["input_ids"]) <= MAX_TOKENS
    (told,) = caption.warnings
    assert told.startswith(
        f'Only the first {read} of 2,000 phrases are read; left out: "cat {read}", "cat {read + 1}", "cat {read + 2}"'
        f" and {2000 - read - 3:,} more."
    )
    assert isinstance(told, Notice)
    assert told.cures == (advise("Look for the rest in a second run."),)


def test_a_first_phrase_that_is_too_long_leaves_no_room_for_others(count) -> None:
    caption = write_caption(("cat " * 300, "table"), count, MAX_TOKENS)
    assert len(caption.spans) == 1
    assert ["300 words" in caption.warnings[0], 'left out: "table"' in caption.warnings[1]] == [True, True]


def test_a_single_word_that_is_too_long_is_cut_within() -> None:
    caption = write_caption(("x" * 400,), letters, MAX_TOKENS)
    assert caption.text == "x" * 253 + "."
    assert caption.spans == ((1, 254),)
    assert "Only the first 253 letters" in caption.warnings[0]


@given(
    st.lists(st.lists(st.text("abcé", min_size=1, max_size=9), min_size=1, max_size=6), min_size=1, max_size=9),
    st.integers(5, 40),
)
def test_a_caption_is_never_too_long_and_nothing_is_lost_silently(words, max_tokens) -> None:
    phrases = tuple(" ".join(each) for each in words)
    caption = write_caption(phrases, letters, max_tokens)
    assert letters(caption.text) + 2 <= max_tokens
    assert len(caption.spans) == len(caption.phrases) >= 1
    plain = "[" + caption.text.replace(" ", "") + "]"
    for phrase, (first, end) in zip(caption.phrases, caption.spans, strict=True):
        assert plain[first:end] == phrase.replace(" ", "")
    assert bool(caption.warnings) == (caption.phrases != phrases)
