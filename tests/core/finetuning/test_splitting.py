"""Products are held out as a whole; the seed alone decides which."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutsmith.errors import BadOption
from cutsmith.finetuning.checking import check_examples
from cutsmith.finetuning.examples import Example, Examples
from cutsmith.finetuning.faults import BadExamples
from cutsmith.finetuning.finding import find_examples
from cutsmith.finetuning.mask_files import MaskFile
from cutsmith.finetuning.splitting import TooFewGroups, split
from tests.core.finetuning.drawn import pairs


def examples(groups) -> list[Example]:
    """An example for each of `groups`, which may name a product several times."""
    return [
        Example(f"{number:03}", Path(f"{number}.jpg"), MaskFile(Path(f"{number}.png")), group, f"{number:064x}")
        for number, group in enumerate(groups)
    ]


def names(several) -> list[str]:
    return [each.name for each in several]


@given(
    groups=st.lists(st.text(max_size=3), min_size=2, max_size=40).filter(lambda groups: len(set(groups)) > 1),
    seed=st.integers(),
    share=st.floats(0.01, 0.99),
    data=st.data(),
)
def test_no_product_is_in_both_and_the_order_of_the_files_counts_for_nothing(groups, seed, share, data) -> None:
    given_ones = examples(groups)
    parts = split(given_ones, seed=seed, share=share)
    training, held_out = ({each.group for each in part} for part in (parts.training, parts.held_out))
    assert training
    assert held_out
    assert not training & held_out
    assert sorted(names(parts.training) + names(parts.held_out)) == names(given_ones)
    other = split(data.draw(st.permutations(given_ones)), seed=seed, share=share)
    assert names(other.training) == names(parts.training)
    assert names(other.held_out) == names(parts.held_out)


def test_a_share_of_the_products_is_held_out_and_another_seed_holds_out_others() -> None:
    several = examples(f"product {number % 50}" for number in range(200))
    found = [{each.group for each in split(several, seed=seed).held_out} for seed in range(3)]
    assert [len(each) for each in found] == [10, 10, 10]
    assert len({frozenset(each) for each in found}) == 3
    assert len({each.group for each in split(several, seed=0, share=0.5).held_out}) == 25


def test_a_new_product_leaves_the_others_in_their_places() -> None:
    several = examples(f"product {number}" for number in range(50))
    before = {each.group for each in split(several, seed=4).held_out}
    after = {each.group for each in split([*several, *examples(["another"])], seed=4).held_out}
    assert len(before & after) >= 9


def test_few_products_are_told() -> None:
    few = split(examples(["a", "b", "c"]), seed=0)
    (notice,) = few.notices
    assert notice.startswith("Only 1 product is held out")
    assert not split(examples(map(str, range(25))), seed=0).notices


def test_one_product_alone_is_refused_with_both_ways_out() -> None:
    with pytest.raises(TooFewGroups, match="All 3 pictures are of one product, 'mug'") as caught:
        split(examples(["mug"] * 3), seed=0)
    assert caught.value.exit_code == 2
    assert [cure.option for cure in caught.value.cures] == ["val", "group"]
    from cutsmith.cli.telling import remedy_of

    assert "--val FOLDER" in remedy_of(caught.value)
    assert "--group" in remedy_of(caught.value)
    with pytest.raises(TooFewGroups, match="no picture"):
        split([], seed=0)


@pytest.mark.parametrize("share", [0, 1, -0.5, float("nan")])
def test_a_share_that_is_none(share) -> None:
    with pytest.raises(BadOption, match="share must be between 0 and 1"):
        split(examples(["a", "b"]), seed=0, share=share)


def test_a_folder_that_was_given_is_what_is_held_out() -> None:
    several = examples(["mug", "mug", "cup", "jug"])
    parts = split(several[:2], seed=0, val=Examples(several[2:], []))
    assert (names(parts.training), names(parts.held_out)) == (["000", "001"], ["002", "003"])
    (notice,) = parts.notices
    assert notice.startswith("Only 2 products are held out")


def test_photos_of_one_product_in_both_folders_are_told() -> None:
    several = examples(["mug", "mug", "cup"])
    parts = split(several[:1], seed=0, val=Examples(several[1:], []))
    assert any("products are both learned from and held out: mug." in notice for notice in parts.notices)


def test_one_picture_in_both_folders_is_fatal(tmp_path) -> None:
    learned, held_out = (
        check_examples(find_examples(*pairs(tmp_path / name, "mug-1", "cup-1"), None)) for name in ("one", "two")
    )
    with pytest.raises(BadExamples, match="must not be in both") as caught:
        split(learned.examples, seed=0, val=held_out)
    assert {fault.path for fault in caught.value.faults} == {each.picture for each in held_out.examples}
