"""Words to look for: split, made single, compared without case, and refused where no detector could read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutsmith.cures import give
from cutsmith.errors import BadPhrases
from cutsmith.phrases import as_read, split_phrases


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("red mug", ("red mug",)),
        ("cat, dog.bird;fish\nplant\r\ntree", ("cat", "dog", "bird", "fish", "plant", "tree")),
        ("  red \t mug  ,\u00a0blue   mug ", ("red mug", "blue mug")),
        ("red mug.", ("red mug",)),
        (",;. cat ,,", ("cat",)),
        ("Red Mug, table, red MUG, Table", ("Red Mug", "table")),
        (["Red mug", "cat, dog", "red mug"], ("Red mug", "cat", "dog")),
        (("cat", ""), ("cat",)),
        ("cat, ???, dog", ("cat", "dog")),
        ("cat，dog；bird。fish、plant．tree", ("cat", "dog", "bird", "fish", "plant", "tree")),
        ("ｃａｔ, CAT", ("ｃａｔ",)),
        ("café, Ærø ferry, naïve", ("café", "Ærø ferry", "naïve")),
        ("number 7, 3-D glasses, t-shirt", ("number 7", "3-D glasses", "t-shirt")),
        ("red mug 🍎", ("red mug 🍎",)),
        ("cat… dog", ("cat", "dog")),
    ],
)
def test_phrases_are_split_and_come_back_as_they_were_written(text, phrases) -> None:
    assert split_phrases(text) == phrases


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "but got nothing"),
        ("  \n\t ", "but got nothing"),
        ([], "but got nothing"),
        (["", " "], "but got nothing"),
        (".,;", "but got '.,;', which has no letters"),
        ("?! -- …", "which has no letters"),
        ("🍎", "which has no letters"),
        ("\x00", "which has no letters"),
        (None, "but got None"),
        (7, "but got 7"),
        (["cat", 7], "but got .*7"),
        (b"cat", "but got b'cat'"),
    ],
)
def test_nothing_to_look_for_is_refused_with_an_example(text, told) -> None:
    with pytest.raises(BadPhrases, match=told) as raised:
        split_phrases(text)
    assert "must be one phrase or several" in raised.value.what
    assert raised.value.option == "text"
    assert raised.value.cures == (give("text", '"red mug"'),)


@pytest.mark.parametrize(
    ("text", "phrase", "character"),
    [
        ("cat, красная кружка", "красная кружка", "к"),
        ("红色的杯子", "红色的杯子", "红"),
        ("mug, καφές", "καφές", "κ"),
        ("كوب", "كوب", "ك"),
        ("5 µm grain", "5 µm grain", "μ"),
        ("room ٣", "room ٣", "٣"),
        # A Cyrillic letter that looks Latin.
        ("mug, cаt", "cаt", "а"),
    ],
)
def test_a_phrase_of_another_script_is_refused_by_name(text, phrase, character) -> None:
    with pytest.raises(BadPhrases) as raised:
        split_phrases(text)
    assert repr(phrase) in raised.value.what
    assert repr(character) in raised.value.what
    assert "English" in raised.value.what


@pytest.mark.parametrize(
    ("phrase", "read"), [("Red  MUG", "red mug"), ("ＭＵＧ", "mug"), ("whose mug?", "whose mug"), ("⒈ mug", "1 mug")]
)
def test_what_is_read_is_plain_lower_case_and_closes_no_phrase(phrase, read) -> None:
    assert as_read(phrase) == read


LATIN = st.text(st.characters(whitelist_categories=("Lu", "Ll", "Zs", "Po", "Pd"), max_codepoint=0x17F), max_size=20)


@given(st.lists(LATIN, max_size=8))
def test_splitting_is_the_same_the_second_time_and_never_gives_two_that_read_alike(texts) -> None:
    try:
        phrases = split_phrases(texts)
    except BadPhrases:
        return
    assert split_phrases(phrases) == phrases
    assert split_phrases("; ".join(phrases)) == phrases
    read = [as_read(phrase) for phrase in phrases]
    assert len(set(read)) == len(read)
    for phrase, each in zip(phrases, read, strict=True):
        assert each
        assert not set(each) & set(".?,;\n")
        assert phrase == " ".join(phrase.split())


def test_a_word_of_thousands_of_letters_is_refused_at_once() -> None:
    assert split_phrases("a" * 1000) == ("a" * 1000,)
    with pytest.raises(BadPhrases, match="one of 5,000 letters"):
        split_phrases("red mug, " + "a" * 5000)
