from __future__ import annotations

import pytest

from gimp_plugin.cutsmith.plug_in.installation import Installation
from gimp_plugin.cutsmith.plug_in.model_choices import ModelChoices
from gimp_plugin.cutsmith.plug_in.settings import Settings

HERE = Installation(("/my/python", "-m", "cutsmith"), install="python3 install.py gimp")
MISSING = {
    "type": "WeightsMissing",
    "what": "The weights of X are not on this machine (1 MB, licence: MIT).",
    "cures": [
        {"action": "fetch", "names": ["X"]},
        {"action": "advise", "text": "Looked for x.pt in:\n    /folder"},
    ],
}


def model(name: str, kind: str, here: bool = True) -> dict[str, object]:
    return {"name": name, "title": name.title(), "kind": kind, "here": here}


def choices(*models, no_sam2=None, no_detector=None, pixels=0, free=8_000_000_000) -> ModelChoices:
    told = {"models": list(models), "default_removers": ["isnet", "isnet-small"]}
    costs = {
        "none": {"seconds": 0, "seconds_per_megapixel": 0.0, "bytes_per_pixel": 12},
        "auto": {"seconds": 3, "seconds_per_megapixel": 1.0, "bytes_per_pixel": 50},
    }
    told |= {"matting_costs": costs, "available_memory": free}
    return ModelChoices({**told, "no_sam2": no_sam2, "no_detector": no_detector}, HERE, pixels)


EVERYTHING = choices(
    model("u2net", "remover"),
    model("isnet-small", "remover"),
    model("isnet", "remover", here=False),
    model("sam-large", "segmenter"),
    model("sam-small", "segmenter"),
    model("dino", "detector"),
)
REMOVERS = choices(model("isnet", "remover"), no_sam2=MISSING, no_detector=MISSING)


def test_only_what_is_here_is_offered_and_the_best_is_named() -> None:
    assert EVERYTHING.offered("subject") == {
        "": "Best that is here (Isnet-Small)",
        "u2net": "U2Net",
        "isnet-small": "Isnet-Small",
    }
    assert list(EVERYTHING.offered("selection")) == ["", "sam-large", "sam-small", "subject-in-box", "none"]
    assert list(EVERYTHING.offered("points")) == ["", "sam-large", "sam-small", "subject-in-box"]
    assert list(EVERYTHING.offered("words")) == ["", "dino"]
    assert REMOVERS.offered("selection")[""] == "Best that is here (Main subject in the selection's box)"


@pytest.mark.parametrize(("what", "model"), [("subject", ""), ("selection", ""), ("words", ""), ("selection", "none")])
def test_where_all_is_here_there_is_no_advice(what, model) -> None:
    assert EVERYTHING.advice(what, model).text == ""


def test_words_without_a_detector_cannot_be_looked_for() -> None:
    advice = REMOVERS.advice("words", "")
    assert advice.prevents
    assert advice.text == (
        "Finding what words name needs Grounding DINO, which is not on this machine yet.\n"
        "Fetch them: /my/python -m cutsmith models fetch X"
    )


def test_size_and_licence_are_said_of_what_is_here_and_of_what_is_missing() -> None:
    facts = {"size": 184_000_000, "licence": "Apache-2.0"}
    offered = choices({**model("isnet", "remover"), **facts}).offered("subject")
    assert offered["isnet"] == "Isnet (184 MB, Apache-2.0)"
    missing = choices({**model("X", "segmenter", here=False), **facts}, no_sam2=MISSING).advice("points", "")
    assert missing.text.startswith("Finding what you click on needs X (184 MB, Apache-2.0), which is not on")


def test_without_sam2_a_selection_is_a_box_and_that_is_said() -> None:
    advice = REMOVERS.advice("selection", "")
    assert not advice.prevents
    assert "main subject in the selection's box" in advice.text
    assert REMOVERS.advice("selection", "subject-in-box").text == ""
    assert choices(no_sam2=MISSING).advice("selection", "").prevents


def test_without_sam2_a_box_can_be_drawn_and_clicks_have_to_wait() -> None:
    advice = REMOVERS.advice("points", "")
    assert not advice.prevents
    assert "Clicks have to wait" in advice.text
    assert "the box that you draw" in advice.text
    assert REMOVERS.offered("points")[""] == "Best that is here (Main subject in the box that you draw)"
    chosen = REMOVERS.chosen(Settings(what="points", points="box 1,2,3,4"))
    assert (chosen.model, chosen.stand_ins) == ("subject-in-box", {"model": "isnet"})


def test_without_any_model_nothing_can_be_cut_out() -> None:
    assert choices().advice("subject", "").prevents


@pytest.mark.parametrize(
    ("models", "settings", "chosen"),
    [
        (EVERYTHING, Settings(), Settings(model="isnet-small")),
        (EVERYTHING, Settings(model="u2net"), Settings(model="u2net")),
        (EVERYTHING, Settings(what="selection"), Settings(what="selection", model="sam-large")),
        (
            REMOVERS,
            Settings(what="selection"),
            Settings(what="selection", model="subject-in-box", stand_ins={"model": "isnet"}),
        ),
        (REMOVERS, Settings(what="selection", model="none"), Settings(what="selection", model="none")),
        (EVERYTHING, Settings(what="words", prompt="x"), Settings(what="words", prompt="x", model="dino")),
        (
            choices(model("isnet", "remover"), model("dino", "detector"), no_sam2=MISSING),
            Settings(what="words", prompt="x"),
            Settings(
                what="words", prompt="x", model="dino", stand_ins={"segmenter": "subject-in-box", "model": "isnet"}
            ),
        ),
        (EVERYTHING, Settings.for_own_mask({}), Settings.for_own_mask({})),
    ],
)
def test_what_is_taken_by_itself_is_asked_for_by_name(models, settings, chosen) -> None:
    assert models.chosen(settings) == chosen


def test_what_takes_long_is_said_beforehand_with_the_way_out() -> None:
    long = choices(pixels=12_000_000)
    text = "Working out the edge can take up to 15 s and 0.6 GB of memory."
    assert long.estimate(Settings()) == f"{text} Edge: As found is quick."
    # The edge is what Refine Mask Edge is for.
    assert long.estimate(Settings.for_own_mask({})) == text
    assert long.estimate(Settings(edge="off")) == long.estimate(Settings(edge="hard")) == ""
    assert choices(pixels=2_000_000).estimate(Settings()) == ""
    assert "but this machine has 0.5 GB free. Edge" in choices(pixels=12_000_000, free=500_000_000).estimate(Settings())
