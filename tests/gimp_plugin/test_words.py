"""The engine's errors in the words of GIMP's dialog, made of what the worker tells as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cutsmith.cures import (
    advise,
    fetch,
    give,
    install_extra,
    install_packages,
    leave_out,
    lower,
    run,
    set_option,
)
from cutsmith.errors import (
    BadBox,
    BadOption,
    BadPhrases,
    BadPoint,
    CutsmithError,
    DeviceOutOfMemory,
    ExtraMissing,
    Notice,
    PictureTooLarge,
    SubjectNotFound,
    WeightsMissing,
)
from gimp_plugin.cutsmith.plug_in.installation import Installation
from gimp_plugin.cutsmith.plug_in.settings import Settings
from gimp_plugin.cutsmith.plug_in.words import missing_of, notice_of, remedy_of, what_of

HERE = Installation(("/my env/python", "-m", "cutsmith"), install="python3 '/clone/install.py' gimp")
COMMAND = "'/my env/python' -m cutsmith"
BY_WORDS = Settings(what="words", prompt="mug")


def told(error: CutsmithError | Notice) -> dict[str, Any]:
    """As it comes over the wire."""
    found: dict[str, Any] = json.loads(json.dumps(error.to_json()))
    return found


def remedy(*cures, settings: Settings = BY_WORDS) -> str:
    return remedy_of(told(CutsmithError("It failed.", *cures)), settings, HERE)


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("box_threshold", "Certainty must be so, but got 7."),
        ("text", "Words must be so, but got 7."),
        ("segmenter", "Model must be so, but got 7."),
        ("matting", "Edge must be one of As found, Hair and fur, but got 7."),
        ("band", "Band must be so, but got 7."),
        ("box", "The box of the selection must be so, but got 7."),
        ("threads", "The number of threads must be so, but got 7."),
    ],
)
def test_an_option_is_told_as_a_field_or_in_words(option, expected) -> None:
    assert what_of(told(BadOption(option=option, found="7", wanted="so"))) == expected


def test_what_the_engine_says_in_sentences_stays() -> None:
    assert what_of(told(BadBox("The box has no area.", option="box", found="1,2,1,4"))) == "The box has no area."


@pytest.mark.parametrize(
    ("cure", "expected"),
    [
        (set_option("matting", "none"), "Choose Edge: As found."),
        (set_option("matting", "closed-form", "For hair"), "For hair: choose Edge: Hair and fur"),
        (set_option("band", "3,4"), "Set Band to 3 px in the subject and 4 px in the background."),
        (set_option("segmenter", "sam2.1-hiera-tiny"), "Choose another Model."),
        (leave_out("segmenter"), "Choose Model: Best that is here."),
        (lower("box_threshold"), "Lower the Certainty."),
        (set_option("engine", "onnxruntime", "Try another engine"), "Choose another Model."),
        (give("box", "20,10,60,50", "Did you mean"), "Select the object roughly."),
        (lower("band"), "Make the Band narrower."),
        (give("text", "red mug"), 'Type Words such as "red mug".'),
        (give("box", "40,60,300,420"), "Select the object roughly."),
        (advise("Copy it again."), "Copy it again."),
    ],
)
def test_a_cure_is_what_is_done_in_the_dialog(cure, expected) -> None:
    assert remedy(cure) == expected


@pytest.mark.parametrize(
    "cure",
    [
        set_option("device", "cpu"),
        set_option("max_pixels", "9"),
        set_option("matting", "poisson"),
        leave_out("threads"),
        lower("max_detections"),
        give("background", "white"),
    ],
)
def test_what_the_dialog_does_not_have_is_no_advice(cure) -> None:
    assert remedy(cure) == ""


def test_no_field_is_named_that_is_not_shown() -> None:
    cures = [set_option("matting", "none"), lower("box_threshold"), give("box", "1,2,3,4"), lower("band")]
    assert remedy(*cures, settings=Settings.for_own_mask({})) == "Make the Band narrower."
    assert "Certainty" not in remedy(*cures, settings=Settings())


@pytest.mark.parametrize(
    ("cure", "expected"),
    [
        (fetch("u2net"), f"Fetch them: {COMMAND} models fetch u2net"),
        (fetch("bria", accepts_licence=True), f"Fetch them: {COMMAND} models fetch bria --accept-licence"),
        (run("doctor"), f"What is installed: {COMMAND} doctor"),
        (run("models", "list"), f"All models: {COMMAND} models list"),
        (install_packages("pymatting"), "Install what is missing, then try again:\npython3 '/clone/install.py' gimp"),
        (advise("looked in ~/cutsmith models"), "looked in ~/cutsmith models"),
    ],
)
def test_commands_are_told_whole(cure, expected) -> None:
    assert remedy(cure) == expected


@pytest.mark.parametrize(
    ("what", "words"),
    [("subject", "Select it roughly"), ("words", "lower the certainty"), ("selection", "more closely")],
)
def test_nothing_found_has_advice_for_what_was_looked_for(what, words) -> None:
    nothing = SubjectNotFound("Nothing found.", lower("box_threshold"), best_probability=0.1, threshold=0.5)
    assert words in remedy_of(told(nothing), Settings(what=what), HERE)


@pytest.mark.parametrize("kind", [BadBox, BadPoint])
@pytest.mark.parametrize(
    ("what", "words"), [("points", "Click on the middle of it, or draw a box"), ("selection", "Select the object")]
)
def test_a_bad_prompt_has_advice_for_how_it_was_given(kind, what, words) -> None:
    assert remedy_of(told(kind("It has no area.")), Settings(what=what), HERE).startswith(words)


def test_a_missing_part_is_installed_by_the_installer() -> None:
    missing = ExtraMissing("The part [text] is not installed.", install_extra("text"))
    assert remedy_of(told(missing), Settings(), HERE).endswith("python3 '/clone/install.py' gimp --with text")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (BadPhrases("No words.", give("text", "red mug")), "Say it in English, with commas between several things"),
        (
            PictureTooLarge("It is large.", set_option("max_pixels", "9", "If you trust the file")),
            "Scale the layer down, or cut out a copy of a part of it.",
        ),
        (
            PictureTooLarge("It is large.", set_option("matting", "none"), advise("Or give a smaller picture.")),
            "Choose Edge: As found.\nScale the layer down, or cut out a copy of a part of it.",
        ),
        (DeviceOutOfMemory("It is full.", set_option("device", "cpu")), "Close other programs"),
    ],
)
def test_where_the_engines_advice_is_for_others_there_is_another(error, expected) -> None:
    said = remedy_of(told(error), Settings(), HERE)
    assert said.startswith(expected)
    assert "--" not in said


def test_what_the_worker_says_itself_is_told_as_it_is() -> None:
    frame = {"type": "FrameInvalid", "what": "It is no frame.", "remedy": "The connection is of no further use."}
    assert what_of(frame) == "It is no frame."
    assert remedy_of(frame, Settings(), HERE) == "The connection is of no further use."


def test_the_dialog_tells_the_command_and_not_the_folders() -> None:
    missing = WeightsMissing("The weights are not here.", fetch("u2net"), advise("Looked for them in:\n    /folder"))
    assert missing_of(told(missing), HERE) == f"The weights are not here.\nFetch them: {COMMAND} models fetch u2net"


def test_a_notice_is_told_with_its_cures() -> None:
    notice = Notice("SAM 2 is not used.", fetch("sam2.1-hiera-small"), set_option("device", "cpu"))
    assert notice_of(told(notice), Settings(), HERE) == (
        f"SAM 2 is not used.\nFetch them: {COMMAND} models fetch sam2.1-hiera-small"
    )
    assert notice_of(told(Notice("Only the first picture is used.")), Settings(), HERE) == (
        "Only the first picture is used."
    )
