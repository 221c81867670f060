"""Phrases -> the text that a detector reads, and where each phrase's tokens lie in it.

As Grounding DINO's own `preprocess_caption` writes it (groundingdino/util/inference.py): lower case, a full stop behind
each phrase. Between full stops, words see each other and no other phrase's (Liu et al., ECCV 2024, section 3.4).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cutsmith.errors import Notice
from cutsmith.phrases import as_read

CountTokens = Callable[[str], int]
# A text begins and ends with a token of its own, [CLS] and [SEP].
_FRAME = 2
# The full stop behind a phrase.
_STOP = 1
_SHOWN_PHRASES = 3
_SHOWN_LETTERS = 60


@dataclass(frozen=True)
class Caption:
    """What a detector reads.

    Attributes:
        text: such as "red mug. table."
        phrases: those in it, as the user wrote them.
        spans: (first, last + 1) of each phrase's tokens, without its full stop; token 0 is [CLS].
        warnings: what was cut.
    """

    text: str
    phrases: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    warnings: tuple[str, ...] = ()


def write_caption(phrases: Sequence[str], count_tokens: CountTokens, max_tokens: int) -> Caption:
    """The caption of `phrases`, at most `max_tokens` tokens long.

    What does not fit is left out: whole phrases at the end, or the last words of a first phrase that is too long.

    Args:
        phrases: at least one, as the user wrote them.
        count_tokens: how many tokens a text has, [CLS] and [SEP] not counted.
        max_tokens: how many the detector reads, those two counted.
    """
    first, warnings = _fitting_phrase(phrases[0], count_tokens, max_tokens - _FRAME - _STOP, max_tokens)
    read, spans, used = [], [], 1
    for phrase in (first, *phrases[1:]):
        end = used + count_tokens(as_read(phrase))
        if end + _STOP + 1 > max_tokens:
            break
        read.append(phrase)
        spans.append((used, end))
        used = end + _STOP
    if left_out := phrases[len(read) :]:
        warnings = (*warnings, _told_phrases(len(phrases), len(read), left_out, max_tokens))
    return Caption(" ".join(f"{as_read(phrase)}." for phrase in read), tuple(read), tuple(spans), warnings)


def _fitting_phrase(phrase: str, count_tokens: CountTokens, room: int, max_tokens: int) -> tuple[str, tuple[str, ...]]:
    """As many of the first words of `phrase` as fit into `room` tokens, and warnings of what was cut."""
    words = phrase.split()
    kept, used = 0, 0
    for word in words:
        used += count_tokens(as_read(word))
        if used > room:
            break
        kept += 1
    if kept == len(words):
        return phrase, ()
    if kept == 0:
        # No token is shorter than a letter.
        cut = as_read(words[0])[:room]
        told = f"Only the first {len(cut)} letters of the word {_shortened(words[0])} are read, and nothing after it"
    else:
        cut = " ".join(words[:kept])
        rest = _shortened(" ".join(words[kept:]))
        told = f"Only the first {kept:,} of {len(words):,} words are read, and nothing from {rest} on"
    return cut, (f"{told}: the detector reads at most {max_tokens} tokens.",)


def _told_phrases(count: int, read: int, left_out: Sequence[str], max_tokens: int) -> Notice:
    shown = ", ".join(_shortened(phrase) for phrase in left_out[:_SHOWN_PHRASES])
    more = f" and {len(left_out) - _SHOWN_PHRASES:,} more" if len(left_out) > _SHOWN_PHRASES else ""
    return Notice(
        f"Only the first {read:,} of {count:,} phrases are read; left out: {shown}{more}. The detector reads at most "
        f"{max_tokens} tokens.",
        "Look for the rest in a second run.",
    )


def _shortened(text: str) -> str:
    return f'"{text}"' if len(text) <= _SHOWN_LETTERS else f'"{text[:_SHOWN_LETTERS]}..."'
