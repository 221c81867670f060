from __future__ import annotations

import pytest

from cutsmith.options import OPTIONS
from cutsmith.request import Request
from gimp_plugin.cutsmith.plug_in.declared_options import offered_range
from gimp_plugin.cutsmith.plug_in.failure import CutFailed
from gimp_plugin.cutsmith.plug_in.settings import EDGES, WHAT, Settings, settings_from


def test_the_engines_own_thresholds_and_band_are_the_defaults() -> None:
    _, options = Settings(what="words", prompt="mug").job()
    assert "band" not in options, "untouched, it adapts itself"
    assert not {"box_threshold", "text_threshold"} & set(options), "untouched, they are the detector's"


@pytest.mark.parametrize(("name", "expected"), [("box_threshold", (0, 1)), ("band", (0, 256)), ("harden", (0, 0.5))])
def test_a_field_offers_the_declared_range(name, expected) -> None:
    assert offered_range(name) == expected


def test_an_option_without_a_range_has_none_to_offer() -> None:
    with pytest.raises(ValueError, match="text has no range"):
        offered_range("text")


@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize("edge", EDGES)
def test_the_job_is_a_request_of_declared_options(what, edge) -> None:
    asked = Settings(
        what=what, prompt="mug", points="3,4", model="m", edge=edge, shift=2, feather=1.5, stand_ins={"segmenter": ""}
    )
    job, options = asked.job()
    assert job == "cut"
    parts = options.pop("parts", None)
    assert parts == ([{"points": [[3, 4, 1]], "is_taken_away": False}] if what == "points" else None)
    assert set(options) <= set(OPTIONS)
    assert options["mask_offset"] == 2
    assert options.get("mask_blur") == (None if edge == "hard" else 1.5), "a hard edge has no blur"
    assert Request.from_fields(options).finish.matting == ("auto" if edge == "hair" else "none")


@pytest.mark.parametrize(
    ("settings", "job"),
    [
        (Settings(), ("cut", {"matting": "auto", "subject_alone": True})),
        (Settings(edge="off"), ("cut", {"matting": "none", "subject_alone": True})),
        (Settings(edge="hard", result="selection"), ("cut", {"matting": "none", "threshold": 0.5})),
        (
            Settings(edge="hard", result="channel", threshold=0.3, harden=0.2),
            ("cut", {"matting": "none", "threshold": 0.3}),
        ),
        (
            Settings(edge="off", result="channel", threshold=0.3, harden=0.2),
            ("cut", {"matting": "none", "harden": 0.2}),
        ),
        (Settings(edge="off", result="cleaned-layer"), ("cut", {"matting": "none", "colours": True})),
        (
            Settings(edge="off", result="channel", model="u2net", band_inner=9),
            ("cut", {"matting": "none", "model": "u2net"}),
        ),
        (
            Settings(what="selection", model="subject-in-box", edge="off", result="channel"),
            ("cut", {"matting": "none", "segmenter": "subject-in-box"}),
        ),
        (
            Settings(what="selection", model="none", band_inner=1, band_outer=7, result="channel"),
            ("refine", {"matting": "auto", "band": [1, 7]}),
        ),
        (
            Settings(
                what="words", prompt="red mug", edge="off", result="channel", model="dino", stand_ins={"segmenter": "x"}
            ),
            (
                "cut",
                {
                    "matting": "none",
                    "text": "red mug",
                    "detector": "dino",
                    "segmenter": "x",
                },
            ),
        ),
        (
            Settings.for_own_mask({"band_inner": 2, "band_outer": 4, "harden": 0.1}),
            ("refine", {"matting": "auto", "band": [2, 4], "harden": 0.1, "subject_alone": True}),
        ),
        (
            Settings.for_own_mask({"band_inner": 2, "band_outer": 4}),
            ("refine", {"matting": "auto", "band": [2, 4], "subject_alone": True}),
        ),
    ],
)
def test_each_choice_is_the_workers_job(settings, job) -> None:
    assert settings.job() == job


def test_a_low_certainty_holds_for_the_words_too() -> None:
    _, options = Settings(what="words", prompt="mug", box_threshold=0.1).job()
    assert (options["box_threshold"], options["text_threshold"]) == (0.1, 0.1)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"what": "everything"}, 'what must be one of subject, points, selection, words, but got "everything"'),
        ({"edge": ""}, 'edge must be .*, but got ""'),
        ({"result": "Layer-Mask"}, 'result must be .*, but got "Layer-Mask"'),
        ({"existing-mask": "merge"}, 'existing-mask must be one of replace, intersect, but got "merge"'),
        ({"existing-selection": ""}, "existing-selection must be one of replace, add, subtract, intersect"),
        ({"harden": 0.6}, "harden must be a number from 0 to 0.5, but got 0.6"),
        ({"threshold": float("nan")}, "threshold must be .*, but got nan"),
        ({"box-threshold": -0.1}, "box-threshold must be"),
        ({"band-outer": -1}, r"band-inner and band-outer must be .*, but got \(3, -1\)"),
        ({"what": "words"}, "no words"),
        ({"what": "words", "prompt": " \n"}, "no words"),
        ({"what": "words", "prompt": "mug", "model": "subject-in-box"}, "is for selections only"),
        ({"model": "none"}, "is for selections only"),
    ],
)
def test_what_cannot_be_is_told(values, words) -> None:
    with pytest.raises(CutFailed, match=words):
        settings_from(values)


def test_spaces_around_words_and_missing_texts_do_not_matter() -> None:
    settings = settings_from({"what": "words", "prompt": "  red mug ", "model": None})
    assert (settings.prompt, settings.model) == ("red mug", "")


def test_a_wide_band_is_a_scripts_own_choice() -> None:
    assert settings_from({"band-inner": 300}).band_inner == 300


def test_the_numbers_of_a_mask_to_refine_are_checked_too() -> None:
    with pytest.raises(CutFailed, match="harden must be"):
        Settings.for_own_mask({"harden": 0.7})


def test_a_models_path_is_made_absolute_and_its_name_stays(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "net.onnx").touch()
    for given, expected in (
        ("net.onnx", tmp_path / "net.onnx"),
        ("models/net.onnx", tmp_path / "models/net.onnx"),
        ("~/net.onnx", tmp_path / "home/net.onnx"),
        ("sam2.1-hiera-tiny", "sam2.1-hiera-tiny"),
        ("rembg:u2net", "rembg:u2net"),
        ("", ""),
    ):
        assert settings_from({"model": given}).model == str(expected)
