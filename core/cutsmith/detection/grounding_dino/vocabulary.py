"""The words that a detector's text encoder knows: BERT's vocab.txt, one token a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cutsmith.errors import ModelUnusable, WeightsMissing
from cutsmith.machine.files import is_file

# What BERT's tokenizer and Grounding DINO look up by name.
_NEEDED = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?")


def bert_tokenizer(vocabulary: Path, size: int) -> Any:
    """transformers' tokenizer for the file `vocabulary`, which must have `size` tokens. Nothing is fetched.

    It makes letters lower case and drops accents, as that of bert-base-uncased. It is built from its parts, because
    transformers 4 and 5 take a vocabulary in different ways.

    Raises:
        WeightsMissing: there is no such file.
        ModelUnusable: it is not a vocabulary of BERT, or is of another size.
    """
    if not is_file(vocabulary):
        raise WeightsMissing(
            f"The vocabulary {vocabulary} is not on this machine.",
            "It is the file vocab.txt of bert-base-uncased, which is fetched together with the detector's weights.",
        )
    try:
        tokens = vocabulary.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(vocabulary, f"cannot be read as UTF-8 text ({error})") from error
    if tokens[-1] == "":
        tokens.pop()
    numbers = {token.rstrip("\r"): number for number, token in enumerate(tokens)}
    if missing := [token for token in _NEEDED if token not in numbers]:
        raise _unusable(vocabulary, f"has no token {' '.join(missing)}")
    if len(tokens) != size:
        raise _unusable(vocabulary, f"must have {size:,} tokens, as the checkpoint, but has {len(tokens):,}")
    from tokenizers import BertWordPieceTokenizer
    from transformers import PreTrainedTokenizerFast

    named = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "sep", "pad", "cls", "mask")}
    words = BertWordPieceTokenizer(numbers, lowercase=True)
    return PreTrainedTokenizerFast(
        tokenizer_object=words._tokenizer,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        **named,
    )


def _unusable(vocabulary: Path, reason: str) -> ModelUnusable:
    return ModelUnusable(
        f"{vocabulary} {reason}: it is not this detector's vocabulary.",
        "Take vocab.txt of bert-base-uncased, with one token a line.",
    )
