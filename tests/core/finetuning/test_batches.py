"""A batch's folder: what a reviewer accepted is learned from, and what was corrected wins."""

from __future__ import annotations

import numpy as np
import pytest

from cutsmith.errors import BadManifest
from cutsmith.finetuning.checking import check_examples
from cutsmith.finetuning.faults import BadExamples
from cutsmith.finetuning.finding import find_examples
from tests.core.finetuning.drawn import by_name, cut_out, disc, faults, gray, groups, same, two_discs
from tests.core.report.made_batch import MadeBatch

SIZE = (48, 32)
"""Of the inputs of a made batch."""


def alpha(mask: np.ndarray) -> np.ndarray:
    return mask * np.uint8(255)


@pytest.fixture
def batch(tmp_path) -> MadeBatch:
    """Two mugs accepted, one rejected, one undecided; one failed."""
    made = MadeBatch(tmp_path)
    for number in range(1, 5):
        made.add(f"mugs/mug-{number}.jpg")
        cut_out(made.out / f"mugs/mug-{number}.png", alpha(disc(SIZE, (20 + number, 16))))
    made.say("mugs/mug-1.jpg", "accepted")
    made.say("mugs/mug-2.jpg", "accepted")
    made.say("mugs/mug-3.jpg", "rejected")
    made.fail("mugs/mug-5.jpg")
    return made


def test_accepted_results_are_the_truth_and_others_are_counted(batch) -> None:
    found = find_examples(batch.out, None, None)
    assert groups(found) == {"mugs/mug-1": "mug", "mugs/mug-2": "mug"}
    assert not found.faults
    example = by_name(found)["mugs/mug-2"]
    assert example.picture == batch.shop / "mugs/mug-2.jpg"
    assert same(example.truth.masks(), [disc(SIZE, (22, 16))])
    assert found.notices == ["3 pictures of the batch were left out: 1 rejected, 1 undecided, 1 without a result."]


def test_corrected_masks_win_whatever_was_said(batch, tmp_path) -> None:
    corrected = disc(SIZE, (30, 16))
    masks = tmp_path / "masks"
    gray(masks / "mugs/mug-1.png", corrected)  # accepted
    gray(masks / "mug-3.png", corrected)  # rejected; by its name alone
    gray(masks / "mug-4.png", corrected)  # undecided
    found = find_examples(batch.out, masks, None)
    assert not found.faults
    told = by_name(found)
    assert set(told) == {"mugs/mug-1", "mugs/mug-2", "mugs/mug-3", "mugs/mug-4"}
    for name in ("mugs/mug-1", "mugs/mug-3", "mugs/mug-4"):
        assert same(told[name].truth.masks(), [corrected]), name
    assert same(told["mugs/mug-2"].truth.masks(), [disc(SIZE, (22, 16))])
    assert found.notices == ["1 picture of the batch was left out: 1 without a result."]


def test_results_with_other_names_are_found_by_both(tmp_path) -> None:
    made = MadeBatch(tmp_path)
    for name in ("a", "b"):
        made.add(f"{name}-7.jpg", output=f"{name}-7-cut.png")
        cut_out(made.out / f"{name}-7-cut.png", alpha(disc(SIZE)))
    masks = tmp_path / "masks"
    gray(masks / "a-7-cut.png", disc(SIZE))
    gray(masks / "b-7.png", disc(SIZE))
    found = find_examples(made.out, masks, None)
    assert not found.faults
    assert groups(found) == {"a-7": "a", "b-7": "b"}


def test_masks_of_no_picture_or_of_two_are_faults(batch, tmp_path) -> None:
    batch.add("cups/mug-1.jpg")
    masks = tmp_path / "masks"
    gray(masks / "nobody.png", disc(SIZE))
    gray(masks / "mug-1.png", disc(SIZE))
    gray(masks / "mugs/mug-2.png", disc(SIZE))
    gray(masks / "mug-2.tif", disc(SIZE))
    found = find_examples(batch.out, masks, None)
    told = faults(found)
    assert told["nobody.png"] == "It has no picture: no input or result of the batch has its name."
    assert told["mug-1.png"].startswith("2 pictures of the batch have its name")
    assert "is a mask of the same picture" in told.get("mug-2.png", told.get("mug-2.tif"))
    assert len(told) == 3


def test_each_object_has_a_result_of_its_own(tmp_path) -> None:
    first, second = (np.pad(each, ((8, 8), (12, 12))) for each in two_discs())
    made = MadeBatch(tmp_path)
    made.add("mug-1.jpg", output="mug-1-1.png", outputs=("mug-1-1.png", "mug-1-2.png"))
    cut_out(made.out / "mug-1-1.png", alpha(first))
    cut_out(made.out / "mug-1-2.png", alpha(second))
    made.say("mug-1.jpg", "accepted")
    found = find_examples(made.out, None, None)
    assert same(by_name(found)["mug-1"].truth.masks(), [first, second])
    gray(tmp_path / "masks/mug-1.png", first)
    found = find_examples(made.out, tmp_path / "masks", None)
    assert same(by_name(found)["mug-1"].truth.masks(), [first])
    (made.out / "mug-1-2.png").unlink()
    assert faults(find_examples(made.out, None, None)) == {"mug-1-2.png": "This result of the batch is not there."}


def test_a_picture_without_a_result_may_be_corrected(batch, tmp_path) -> None:
    masks = tmp_path / "masks"
    gray(masks / "mug-5.png", disc())
    (batch.shop / "mugs/mug-5.jpg").write_bytes((batch.shop / "mugs/mug-1.jpg").read_bytes())
    assert "mug-5" in by_name(find_examples(batch.out, masks, None))


def test_inputs_that_are_gone_or_have_changed_are_faults(tmp_path) -> None:
    made = MadeBatch(tmp_path)
    for name in ("mug-1", "mug-2"):
        made.add(f"{name}.jpg", source={"bytes": 12, "modified": 1})
        made.say(f"{name}.jpg", "accepted")
    (made.shop / "mug-1.jpg").unlink()
    told = faults(find_examples(made.out, None, None))
    assert told["mug-1.jpg"].startswith("This input of the batch is not there")
    assert told["mug-2.jpg"] == "It has changed since the batch cut it out."


def test_a_result_that_the_manifest_names_outside_of_the_batch_is_not_read(tmp_path) -> None:
    made = MadeBatch(tmp_path)
    made.add("mug-1.jpg", output="../shop/mug-1.png")
    made.say("mug-1.jpg", "accepted")
    cut_out(made.shop / "mug-1.png", alpha(disc(SIZE)))
    assert faults(find_examples(made.out, None, None)) == {"mug-1.png": "This result of the batch is not there."}


def test_a_result_on_a_canvas_is_a_fault(batch) -> None:
    cut_out(batch.out / "mugs/mug-1.png", alpha(disc((100, 100))))
    with pytest.raises(BadExamples, match="Its mask has 100 x 100 pixels, but it has 48 x 32"):
        check_examples(find_examples(batch.out, None, None))


def test_a_manifest_that_is_none_is_told(tmp_path) -> None:
    (tmp_path / "manifest.jsonl").write_text("nothing\n")
    with pytest.raises(BadManifest):
        find_examples(tmp_path, None, None)


def test_nothing_accepted_is_told_with_the_counts(batch) -> None:
    batch.say("mugs/mug-1.jpg", "rejected", "2026-11-26T12:00:00Z")
    batch.say("mugs/mug-2.jpg", "undecided", "2026-11-26T12:00:00Z")
    with pytest.raises(BadExamples, match=r"There is nothing to learn from\. 5 pictures of the batch were left out"):
        check_examples(find_examples(batch.out, None, None))
