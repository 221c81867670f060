"""Jobs without a worker, a socket or a process: fields and arrays in, the engine's own result out."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cutsmith import Picture, cut_out, refine_mask
from cutsmith.errors import BadArray, BadBox, BadJob, BadOption, BadPoint, Cancelled, PictureTooLarge, SubjectNotFound
from cutsmith.options import OPTIONS
from cutsmith.picture.samples import samples_from_alpha
from cutsmith.serving.answers import Answer
from cutsmith.serving.jobs import run_job

PIXELS = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
SELECTION = np.zeros((60, 80), np.uint8)
SELECTION[5:40, 10:50] = 255


@pytest.fixture(scope="module")
def model(tiny_network) -> str:
    return str(tiny_network(64, sigmoid=True))


def soft_mask() -> np.ndarray:
    y, x = np.indices((60, 80))
    return np.clip((18 - np.hypot(y - 30, x - 33)) / 6 + 0.5, 0, 1).astype(np.float32)


def run(kind: str, fields: object = None, report=lambda *_: None, cancelled=lambda: False, **arrays) -> Answer:
    return run_job(kind, {} if fields is None else fields, arrays, report, cancelled)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_a_cut_is_cut_outs_bit_for_bit(model, dtype) -> None:
    answer = run("cut", {"model": model, "alpha": dtype, "colours": True}, pixels=PIXELS)
    cut = cut_out(Picture(PIXELS), model=model)
    expected = cut.alpha if dtype == "float32" else samples_from_alpha(cut.alpha, np.dtype(dtype))
    np.testing.assert_array_equal(answer.arrays["alpha"], expected)
    assert answer.arrays["alpha"].dtype == dtype
    np.testing.assert_array_equal(answer.arrays["colours"], cut.foreground)
    assert answer.fields["provenance"] == dict(cut.provenance)
    assert json.loads(json.dumps(answer.fields)) == answer.fields


def test_colours_that_nobody_wants_are_not_estimated(model, monkeypatch) -> None:
    from cutsmith.matting import foreground

    methods = []
    real = foreground.estimate_foreground
    monkeypatch.setattr(foreground, "estimate_foreground", lambda *given: methods.append(given[2]) or real(*given))
    assert list(run("cut", {"model": model}, pixels=PIXELS).arrays) == ["alpha"]
    run("cut", {"model": model, "colours": True}, pixels=PIXELS)
    assert methods == ["none", OPTIONS["foreground"].default]


def test_a_refined_mask_is_refine_masks_bit_for_bit() -> None:
    mask = soft_mask()
    trimap = np.where(mask > 0.9, 255, np.where(mask < 0.1, 0, 128)).astype(np.uint8)
    for arrays, options in [({}, {"band": (2, 4)}), ({"trimap": trimap}, {})]:
        fields = {name: list(value) for name, value in options.items()}
        answer = run("refine", {**fields, "alpha": "float32"}, pixels=PIXELS, mask=mask, **arrays)
        np.testing.assert_array_equal(
            answer.arrays["alpha"], refine_mask(Picture(PIXELS), mask, **arrays, **options).alpha
        )
        assert answer.fields["provenance"]["matting"] == "auto"


def test_a_selection_is_its_box(model) -> None:
    fields = {"model": model, "segmenter": "subject-in-box", "alpha": "float32"}
    answer = run("cut", fields, pixels=PIXELS, selection=SELECTION)
    cut = cut_out(Picture(PIXELS), model=model, segmenter="subject-in-box", box=(10, 5, 50, 40))
    np.testing.assert_array_equal(answer.arrays["alpha"], cut.alpha)


def test_stages_are_reported_and_the_share_never_goes_back(model) -> None:
    heard: list[tuple[str, float]] = []
    run("cut", {"model": model, "matting": "closed-form"}, lambda *told: heard.append(told), pixels=PIXELS)
    assert list(dict.fromkeys(stage for stage, _ in heard)) == [
        "read",
        "load",
        "mask",
        "second look",
        "matting",
        "foreground",
        "quality",
        "answer",
    ]
    shares = [share for _, share in heard]
    assert shares == sorted(set(shares))
    assert (shares[0], shares[-1] < 1) == (0, True)


def test_what_the_report_raises_ends_the_job(model) -> None:
    class Gone(Exception):
        pass

    def gone(stage, share):
        raise Gone

    with pytest.raises(Gone):
        run("cut", {"model": model}, gone, pixels=PIXELS)


def test_a_job_that_nobody_wants_ends(model) -> None:
    for kind, arrays in [("cut", {}), ("refine", {"mask": soft_mask()})]:
        begun: list[str] = []
        with pytest.raises(Cancelled):
            run(
                kind,
                {"model": model} if kind == "cut" else {},
                lambda stage, _, begun=begun: begun.append(stage),
                lambda begun=begun: begun[-1:] == ["matting"],
                pixels=PIXELS,
                **arrays,
            )
        assert begun[-1] == "matting"


def test_the_models_are_told() -> None:
    from cutsmith.models.catalogue import catalogue

    answer = run("models")
    assert {each["name"] for each in answer.fields["models"]} == set(catalogue())
    facts = {"models", "default_removers", "packages", "no_sam2", "no_detector", "matting_costs", "available_memory"}
    assert set(answer.fields) == facts
    json.dumps(answer.fields)


def test_a_network_that_the_user_has_tuned_is_among_the_models(tmp_path, monkeypatch) -> None:
    from tests.core.segmentation.test_finetuned import CONFIG, TABLE

    monkeypatch.setenv("CUTSMITH_MODELS", str(tmp_path))
    (tmp_path / "mugs.pt").write_bytes(b"weights")
    (tmp_path / "mugs.toml").write_text(CONFIG + TABLE)
    assert run("models").fields["models"][-1] == {
        "name": "mugs",
        "title": "sam2.1-hiera-tiny, tuned on 40 of your pictures",
        "kind": "segmenter",
        "here": True,
        "size": 7,
        "licence": "Apache-2.0",
        "commercial_use": True,
    }


SMALL = np.zeros((20, 20, 3), np.uint8)
PLANE = np.zeros((20, 20), np.uint8)


@pytest.mark.parametrize(
    ("kind", "fields", "arrays", "error", "told"),
    [
        ("paint", {}, {}, BadJob, "one of cut, refine, models, open, close, detect, mask, preview, but got 'paint'"),
        ("", {}, {}, BadJob, "one of cut, refine, models, open, close, detect, mask, preview, but got ''"),
        ("cut", [], {"pixels": SMALL}, BadJob, "must be an object"),
        ("cut", None, {}, BadJob, 'no array "pixels"'),
        ("cut", None, {"pixels": PLANE}, BadJob, "must have the shape"),
        ("cut", None, {"pixels": SMALL.astype(float)}, BadJob, "uint8 or uint16, but got float64"),
        ("cut", None, {"pixels": SMALL, "mask": PLANE.astype(np.uint16)}, BadJob, "uint8 or float32, but got uint16"),
        ("cut", None, {"pixels": SMALL, "masque": PLANE}, BadJob, "unknown arrays: 'masque'"),
        ("cut", {"modell": 1}, {"pixels": SMALL}, BadJob, "unknown options: 'modell'"),
        ("cut", {"mask": 1}, {"pixels": SMALL}, BadJob, "unknown options: 'mask'"),
        ("cut", {1: 2}, {"pixels": SMALL}, BadJob, "unknown options: 1"),
        ("cut", {"alpha": "float64"}, {"pixels": SMALL}, BadJob, "alpha must be one of"),
        ("cut", {"alpha": ["uint8"]}, {"pixels": SMALL}, BadJob, "alpha must be one of"),
        ("cut", {"colours": 1}, {"pixels": SMALL}, BadJob, "true or false"),
        ("cut", {"matting": "magic"}, {"pixels": SMALL}, BadOption, "matting must be one of"),
        ("cut", {"points": None}, {"pixels": SMALL}, BadPoint, "points must be"),
        ("cut", {"box": [1, 2, 3]}, {"pixels": SMALL}, BadBox, "four numbers"),
        ("cut", {"max_pixels": 10}, {"pixels": SMALL}, PictureTooLarge, "20 x 20"),
        ("refine", None, {"pixels": SMALL}, BadJob, 'no array "mask"'),
        ("refine", None, {"pixels": SMALL, "mask": PLANE[:9]}, BadArray, "mask"),
        ("refine", {"text": "mug"}, {"pixels": SMALL, "mask": PLANE}, BadOption, "text was given beside it"),
        ("models", {"all": True}, {}, BadJob, "unknown options"),
        ("models", None, {"pixels": SMALL}, BadJob, "unknown arrays"),
    ],
)
def test_a_bad_job_is_told_what_is_wrong(kind, fields, arrays, error, told) -> None:
    with pytest.raises(error, match=told):
        run(kind, fields, **arrays)


def test_pixels_are_counted_against_the_jobs_limit(model) -> None:
    with pytest.raises(PictureTooLarge):
        run("cut", {"model": model, "max_pixels": 4799}, pixels=PIXELS)
    assert run("cut", {"model": model, "max_pixels": 4800}, pixels=PIXELS).arrays["alpha"].shape == (60, 80)


def test_nothing_found_is_an_error_of_its_own(tiny_network) -> None:
    blind = str(tiny_network(64, sigmoid=False))
    with pytest.raises(SubjectNotFound):
        run("cut", {"model": blind}, pixels=np.full((40, 40, 3), 124, np.uint8))
