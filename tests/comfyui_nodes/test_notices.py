"""What a run of a node tells: each warning once on the console, and a few short lines in a fixed order on the node."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest

from comfyui_nodes.notices import Judged, Notices
from cutsmith.cures import lower
from cutsmith.errors import Notice
from cutsmith.result.quality import ACCEPT, REVIEW, Quality

PREVIEWS = SimpleNamespace(as_dict=lambda: {"images": ["one"]})
PROVENANCE = {"model": "isnet-general-use", "engine": "OpenVINO CPU bf16", "matting": "none"}
GOOD = Quality(0.02, ACCEPT)
REASONS = ("The result is very small: the subject may be something else.", "Nothing is left in the result.")


def judged(quality: Quality = GOOD, *warnings: str, **provenance: str) -> Judged:
    told = (*warnings, *([quality.warning] if quality.warning else []))
    return Judged(told, {**PROVENANCE, **provenance}, quality)


def test_each_is_said_once_and_told_in_order_and_in_the_nodes_words(caplog: pytest.LogCaptureFixture) -> None:
    notices = Notices()
    with caplog.at_level(logging.WARNING):
        notices.tell(["No solution in x 1-2.", Notice("Too few boxes.", lower("box_threshold"))])
        notices.tell(("No solution in x 1-2.",))
        notices.nothing("Nothing was found in image 1 of 1.")
    said = ["No solution in x 1-2.", "Too few boxes. Lower box_threshold.", "Nothing was found in image 1 of 1."]
    assert [record.getMessage() for record in caplog.records] == [f"Cutsmith: {each}" for each in said]
    told = ["Nothing found.", "No solution in x 1-2.", "Too few boxes. Lower box_threshold."]
    assert notices.with_previews(PREVIEWS) == {"images": ["one"], "text": told}


def test_without_notices_a_node_shows_its_previews_alone() -> None:
    notices = Notices()
    notices.tell(())
    assert notices.with_previews(PREVIEWS) == {"images": ["one"]}


def test_a_single_image_is_told_of_without_numbers() -> None:
    notices = Notices()
    notices.judged(judged(Quality(0.31, REVIEW, REASONS), "The words were cut."))
    assert notices.lines() == [
        "Quality: look at this result; about 31% of the subject may be wrong.",
        *REASONS,
        "The words were cut.",
        "IS-Net general use on OpenVINO, cpu, bf16",
    ]


@pytest.mark.parametrize(
    ("quality", "line"),
    [
        (Quality(0.024, ACCEPT), "Quality: good; about 2% of the subject may be wrong."),
        (Quality(0.004, ACCEPT), "Quality: good; less than 1% of the subject may be wrong."),
        (Quality(0.87, REVIEW), "Quality: look at this result; much of the subject may be wrong."),
        (Quality(None, ACCEPT), "Quality: good."),
        (Quality(None, REVIEW, REASONS[:1]), "Quality: look at this result."),
    ],
)
def test_the_verdict_says_how_much_may_be_wrong_where_that_is_known(quality: Quality, line: str) -> None:
    notices = Notices()
    notices.judged(judged(quality))
    assert notices.lines()[0] == line


def test_in_a_batch_each_line_says_which_images_it_is_about() -> None:
    notices = Notices()
    for number in range(1, 9):
        if number in (3, 5):
            notices.nothing(f"Nothing was found in image {number} of 8.")
        elif number in (1, 2, 4):
            notices.judged(judged(Quality(0.1 * number, REVIEW, REASONS[: 1 + number % 2]), f"Odd {number % 2}."))
        else:
            notices.judged(judged())
    assert notices.lines() == [
        "2 of 8 images (3, 5): nothing found.",
        "Quality: look at 3 of 8 images (1, 2, 4); at worst, about 40% of a subject may be wrong.",
        f"3 of 8 images (1, 2, 4): {REASONS[0]}",
        f"1 of 8 images (1): {REASONS[1]}",
        "2 of 8 images (2, 4): Odd 0.",
        "1 of 8 images (1): Odd 1.",
        "IS-Net general use on OpenVINO, cpu, bf16",
    ]


def test_what_all_images_of_a_batch_share_has_no_numbers() -> None:
    nothing, doubted = Notices(), Notices()
    for number in (1, 2, 3):
        nothing.nothing(f"Nothing was found in image {number} of 3.")
        doubted.judged(judged(Quality(None, REVIEW, REASONS[:1])))
    assert nothing.lines() == ["Nothing found in any of the 3 images."]
    assert doubted.lines()[:2] == ["Quality: look at all 3 images.", REASONS[0]]


def test_hundreds_of_images_are_told_of_in_a_few_short_lines() -> None:
    notices = Notices()
    for number in range(1, 601):
        if number % 3 == 0:
            notices.nothing(f"Nothing was found in image {number} of 600.")
        else:
            reasons = tuple(f"Reason {each}." for each in range(number % 20))
            quality = Quality(None, REVIEW if reasons else ACCEPT, reasons)
            notices.judged(
                judged(quality, f"No solution in x {number}." + " Long." * 99, matting_used="the mask itself")
            )
    lines = notices.lines()
    assert lines[0] == "200 of 600 images (3, 6, 9, 12, 15, 18 and 194 more): nothing found."
    assert len(lines) <= 15
    assert max(map(len, lines)) <= 300
    assert "And 395 more warnings on ComfyUI's console." in lines


def test_consecutive_images_are_a_range() -> None:
    notices = Notices()
    for number in range(1, 21):
        if 4 <= number <= 17:
            notices.nothing("")
        else:
            notices.judged(judged())
    assert notices.lines()[0] == "14 of 20 images (4-17): nothing found."


def test_objects_are_counted_by_the_words_that_they_answer() -> None:
    notices = Notices()
    notices.image((), labels=["cat", "red mug", "cat"])
    notices.image((), labels=["cat"])
    assert notices.lines() == ["Found: 3 x cat, 1 x red mug."]


@pytest.mark.parametrize(
    ("used", "line"),
    [
        (
            "the mask itself: it is too undecided for matting",
            "Hair and fur were not refined: the mask is too undecided.",
        ),
        ("closed-form, 40%; the mask else", "Hair and fur were refined only in part: the mask is undecided."),
    ],
)
def test_an_edge_that_was_not_refined_is_told(used: str, line: str) -> None:
    notices = Notices()
    notices.judged(judged(GOOD, matting_used=used))
    assert notices.lines()[1] == line
