"""The vocabulary: read from a file, and refused where it is not the checkpoint's."""

from __future__ import annotations

import pytest

from cutsmith.detection.grounding_dino.vocabulary import bert_tokenizer
from cutsmith.errors import ModelUnusable, WeightsMissing

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?"]


def test_tokens_are_those_of_transformers_own_tokenizer(vocabulary) -> None:
    from transformers import AutoTokenizer

    ours, theirs = bert_tokenizer(vocabulary, 30522), AutoTokenizer.from_pretrained(vocabulary.parent)
    for text in ("Red mug. table.", "café [SEP] ærø", "don't! 1/2 a-b_c", "🍎 apple", "x" * 150):
        assert dict(ours([text])) == dict(theirs([text]))


def test_a_vocabulary_of_windows_is_the_same(vocabulary, tmp_path) -> None:
    path = tmp_path / "vocab.txt"
    path.write_bytes(vocabulary.read_bytes().replace(b"\n", b"\r\n"))
    assert bert_tokenizer(path, 30522).tokenize("Red mugs.") == ["red", "mug", "##s", "."]


def test_a_missing_vocabulary_is_named(tmp_path) -> None:
    with pytest.raises(WeightsMissing, match=r"nothing\.txt is not on this machine"):
        bert_tokenizer(tmp_path / "nothing.txt", 30522)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", r"has no token \[PAD\] \[UNK\]"),
        (b"\xff\xfe\x00", "cannot be read as UTF-8"),
        ("\n".join(SPECIAL[:-1]).encode(), r"has no token \?"),
        ("\n".join([*SPECIAL, "cat"]).encode(), "must have 30,522 tokens, as the checkpoint, but has 8"),
    ],
)
def test_a_foreign_vocabulary_is_refused(content, told, tmp_path) -> None:
    path = tmp_path / "vocab.txt"
    path.write_bytes(content)
    with pytest.raises(ModelUnusable, match=told):
        bert_tokenizer(path, 30522)
