"""The user's words -> the phrases to look for."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from cutsmith.cures import advise, give
from cutsmith.errors import BadPhrases, must_be, shown

# These separate phrases, also in their full-width forms ("，"). The ideographic stop and comma have no such form.
_SEPARATORS = frozenset(",.;\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029。、")
# A question mark also closes a phrase for Grounding DINO, so none of these may stand inside one.
_CLOSING = _SEPARATORS | {"?"}
_LONGEST_WORD = 1000
_EXAMPLE = give("text", '"red mug"')
_WANTED = 'one phrase or several in English, such as "red mug" or "cat, dog"'


def split_phrases(text: str | Sequence[str]) -> tuple[str, ...]:
    """The phrases of `text`, each once, as the user wrote them, but with single blanks for all white space.

    Args:
        text: one text or several; `,` `.` `;` and line ends separate phrases. Two phrases are the same if they differ
            only in case or in the width of their letters; the first spelling is kept.

    Raises:
        BadPhrases: there is nothing to look for, a word has more than 1,000 letters, or a phrase has letters or digits
            that are not of the Latin script.
    """
    texts = [text] if isinstance(text, str) else text
    if not isinstance(texts, Sequence) or not all(isinstance(each, str) for each in texts):
        raise _bad_phrases(shown(text))
    found: dict[str, str] = {}
    for phrase in (phrase for each in texts for phrase in _pieces(each)):
        if any(map(_is_read, phrase)):
            _require_words(phrase)
            _require_latin(phrase)
            found.setdefault(as_read(phrase), phrase)
    if not found:
        is_empty = not "".join(texts).strip()
        raise _bad_phrases("nothing" if is_empty else f"{shown('; '.join(texts))}, which has no letters")
    return tuple(found.values())


def _bad_phrases(found: str) -> BadPhrases:
    what = must_be("The words to look for", _WANTED, found)
    return BadPhrases(what, _EXAMPLE, option="text", found=found, wanted=_WANTED)


def as_read(phrase: str) -> str:
    """`phrase` as the detector reads it, and as phrases are compared: lower case, letters of the usual width."""
    plain = unicodedata.normalize("NFKC", phrase)
    return " ".join("".join(" " if letter in _CLOSING else letter for letter in plain).lower().split())


def _pieces(text: str) -> list[str]:
    """`text` cut at every separator, with single blanks for all white space."""
    cut = "".join("\n" if _is_separator(character) else character for character in text)
    return [" ".join(piece.split()) for piece in cut.split("\n")]


def _is_separator(character: str) -> bool:
    return _SEPARATORS.issuperset(unicodedata.normalize("NFKC", character).strip(" ") or " ")


def _is_read(character: str) -> bool:
    """Whether `character` is a letter or a digit of any script."""
    return unicodedata.category(character)[0] in "LN"


def _require_words(phrase: str) -> None:
    """Refuse endless words: the tokenizers' time grows with the square of a word's length, 40 s for 5,000 letters."""
    longest = max(phrase.split(), key=len)
    if len(longest) > _LONGEST_WORD:
        raise BadPhrases(
            f"The words to look for must have at most {_LONGEST_WORD:,} letters each, but got one of "
            f"{len(longest):,} letters ({longest[:20]!r}...).",
            _EXAMPLE,
            option="text",
            found=f"a word of {len(longest):,} letters",
            wanted=_WANTED,
        )


def _require_latin(phrase: str) -> None:
    """Refuse letters and digits of other scripts: BERT was trained on English, and its output for others is noise."""
    for character in unicodedata.normalize("NFKC", phrase):
        if not _is_read(character) or character.isascii():
            continue
        script = unicodedata.name(character, "UNNAMED").split()[0]
        # Modifier letters, such as the turned comma of Hawaiian, belong to no script.
        if script not in ("LATIN", "MODIFIER"):
            raise BadPhrases(
                f"The phrase {phrase!r} has {character!r}, which is not a Latin letter: the detector reads English.",
                advise("Say it in English."),
                _EXAMPLE,
                option="text",
                found=shown(phrase),
                wanted=_WANTED,
            )
