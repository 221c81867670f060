"""Words, boxes and clicks through `cut_out`, with the real architectures and random weights.

What is found means nothing; where it lies, what is made of it and what is told of it can be checked.
"""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from cutsmith import Models, Picture, Request, SubjectNotFound, cut_out, cut_out_each, find_detections
from cutsmith.errors import BadBox, BadOption, BadPhrases, BadPoint, NotInstalled, WeightsMissing
from cutsmith.matting.stray_alpha import without_strays
from cutsmith.options import Runtime
from cutsmith.pipeline.find_mask import find_mask
from cutsmith.pipeline.loading import POOL, forget_models

# Random weights: whatever they are sure of, something passes.
WORDS = {"text": "red mug, spoon", "max_detections": 4, "box_threshold": 0.01, "text_threshold": 0.0}
TRANSPOSED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,  # shown turned to the right, so stored turned to the left
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.fixture(scope="module", autouse=True)
def no_models_stay():
    yield
    forget_models()


@pytest.fixture(scope="module")
def models(tiny_folder, tiny_sam2) -> dict[str, str]:
    return {"detector": str(tiny_folder), "segmenter": str(tiny_sam2), "device": "cpu"}


@pytest.fixture(scope="module")
def coffee(photo) -> np.ndarray:
    return np.ascontiguousarray(photo("coffee")[::2, ::2])


@pytest.fixture(scope="module")
def found(coffee, models):
    return cut_out(Picture(coffee), **WORDS, **models)


@pytest.fixture
def nothing_here(tmp_path, monkeypatch):
    """A machine without any weights of SAM 2 and Grounding DINO."""
    monkeypatch.setattr("cutsmith.models.store.Store.find", lambda self, entry: None)
    monkeypatch.setattr("cutsmith.models.store.Store._all", lambda self, entry: [])
    forget_models()


def test_words_become_boxes_masks_and_a_cut_out(found, coffee):
    assert 1 <= len(found.objects) <= 4
    scores = [each.score for each in found.objects]
    assert scores == sorted(scores, reverse=True)
    height, width = coffee.shape[:2]
    for each in found.objects:
        assert each.label in ("red mug", "spoon")
        assert 0 <= each.box.x0 < each.box.x1 <= width
        assert 0 <= each.box.y0 < each.box.y1 <= height
        assert each.predicted_iou is not None
        assert 0 <= each.stability <= 1
    assert found.alpha.shape == (height, width)
    np.testing.assert_array_equal(found.alpha, without_strays(found.soft_mask))
    assert {"read", "load", "detect", "mask", "foreground"} <= set(found.seconds)


def test_provenance_tells_both_networks_and_what_was_asked(found, models):
    told = found.provenance
    assert told["detector"] == models["detector"]
    assert told["segmenter"] == models["segmenter"]
    assert (told["text"], told["box_threshold"], told["text_threshold"]) == ("red mug, spoon", "0.01", "0")
    assert (told["objects"], told["max_detections"]) == ("all", "4")
    assert "model" not in told


def test_the_detections_are_those_that_are_cut_out(found, coffee, models):
    options = {name: models[name] for name in ("detector", "device")}
    detections = find_detections(Picture(coffee), **WORDS, **options)
    told = {(each.box, each.label, each.score) for each in detections.found}
    assert {(each.box, each.label, each.score) for each in found.objects} <= told
    assert len(detections.found) <= 4


def test_all_is_the_union_of_each_and_best_is_the_first_of_each(found, coffee, models):
    each = cut_out_each(Picture(coffee), **WORDS, **models)
    best = cut_out(Picture(coffee), **WORDS, objects="best", **models)
    np.testing.assert_array_equal(np.maximum.reduce([cut.alpha for cut in each]), found.alpha)
    assert [cut.objects for cut in each] == [(one,) for one in found.objects]
    assert [cut.provenance["object"] for cut in each] == [f"{n} of {len(each)}" for n in range(1, len(each) + 1)]
    np.testing.assert_array_equal(best.alpha, each[0].alpha)
    assert best.objects == found.objects[:1]


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_boxes_and_masks_are_in_the_upright_pictures_coordinates(orientation, found, coffee, models):
    stored = Image.fromarray(coffee)
    stored = stored.transpose(TRANSPOSED[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    stored.save(file, "PNG", exif=exif)
    cut = cut_out(file.getvalue(), **WORDS, **models)
    assert cut.alpha.shape == coffee.shape[:2]
    assert cut.objects == found.objects
    np.testing.assert_array_equal(cut.alpha, found.alpha)


def test_a_click_in_a_turned_photo_is_where_the_user_sees_it(coffee, models):
    options = {name: models[name] for name in ("segmenter", "device")}
    upright = cut_out(Picture(coffee), points=[(200, 40)], **options)
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    Image.fromarray(coffee).transpose(TRANSPOSED[6]).save(file, "PNG", exif=exif)
    turned = cut_out(file.getvalue(), points=[(200, 40)], **options)
    np.testing.assert_array_equal(turned.alpha, upright.alpha)
    assert upright.objects[0].points == ((200, 40, 1),)


def test_box_points_and_mask_prompt_sam2_together(coffee, models):
    options = {name: models[name] for name in ("segmenter", "device")}
    rough = np.zeros(coffee.shape[:2], bool)
    rough[40:120, 60:200] = True
    cut = cut_out(Picture(coffee), box=(50, 30, 220, 150), points=[(100, 80), (5, 5, 0)], mask=rough, **options)
    alone = cut_out(Picture(coffee), box=(50, 30, 220, 150), **options)
    assert cut.provenance["points"] == "100,80 5,5,0"
    assert cut.provenance["mask"] == "given"
    assert np.abs(cut.alpha - alone.alpha).max() > 0.01


def test_closed_form_starts_from_the_soft_mask(coffee, models):
    options = {name: models[name] for name in ("segmenter", "device")}
    from cutsmith.matting.trimap import Band, trimap_from_soft_mask

    cut = cut_out(Picture(coffee), points=[(100, 80)], matting="closed-form", **options)
    trimap = trimap_from_soft_mask(cut.soft_mask, Band())
    assert (cut.alpha[trimap == 255] == 1).all()
    assert (cut.alpha[trimap == 0] == 0).all()


def test_nothing_found_tells_the_best_score_and_the_threshold(coffee, models):
    with pytest.raises(SubjectNotFound, match=r"'cat' in .*best score must be above 1, but is [01]\.\d\d") as caught:
        cut_out(Picture(coffee), text="cat", box_threshold=1.0, **models)
    assert caught.value.exit_code == 4
    assert caught.value.threshold == 1.0
    assert 0 < caught.value.best_probability < 1


def test_models_are_loaded_once_a_process(models):
    runtime = Runtime(segmenter=models["segmenter"], device="cpu")
    assert POOL.segmenter(runtime)[0] is POOL.segmenter(runtime)[0]


@pytest.mark.weights
def test_without_sam2_a_box_is_cut_by_a_removal_model_with_a_warning(photo, nothing_here, isnet_remover):
    astronaut = Picture(photo("astronaut"))
    cut = cut_out(astronaut, box=(100, 0, 300, 400), models=Models(remover=isnet_remover))
    assert cut.provenance["segmenter"] == "subject-in-box"
    assert any("cutsmith models fetch sam2.1-hiera-small" in warning for warning in cut.warnings)
    asked = cut_out(astronaut, box=(100, 0, 300, 400), models=Models(remover=isnet_remover), segmenter="subject-in-box")
    assert asked.warnings == ()
    np.testing.assert_array_equal(asked.alpha, cut.alpha)


@pytest.mark.weights
def test_a_box_that_cuts_the_subject_keeps_alpha_inside_it_and_its_edge_hard(photo, isnet_remover):
    options = {"box": (100, 0, 300, 400), "models": Models(remover=isnet_remover), "segmenter": "subject-in-box"}
    cut = cut_out(Picture(photo("astronaut")), matting="closed-form", **options)
    outside = np.ones(cut.alpha.shape, bool)
    outside[0:400, 100:300] = False
    assert cut.alpha[outside].max() == 0
    # The suit goes on below the box: where it is sure, the last row inside is as opaque as the rows above.
    assert cut.alpha[399, 180:260].min() > 0.95


def test_words_without_sam2_fall_back_to_the_box(coffee, models, monkeypatch):
    class Everything:
        name = "everything"

        def provenance(self):
            return {"model": self.name}

        def soft_mask(self, image):
            return np.ones(image.shape[:2], np.float32)

    missing = WeightsMissing("SAM 2 is nowhere.", "Fetch it: cutsmith models fetch sam2.1-hiera-small")
    monkeypatch.setattr("cutsmith.segmentation.loading.why_no_segmenter", lambda store: missing)
    options = {name: models[name] for name in ("detector", "device")}
    cut = cut_out(Picture(coffee), **WORDS, models=Models(remover=Everything()), **options)
    assert cut.provenance["segmenter"] == "subject-in-box"
    assert any("SAM 2 is nowhere" in warning and "models fetch" in warning for warning in cut.warnings)
    inside = np.zeros(coffee.shape[:2], bool)
    for each in cut.objects:
        inside[each.box.slices()] = True
    np.testing.assert_array_equal(cut.alpha == 1, inside)


@pytest.mark.torch
def test_clicks_without_sam2_and_words_without_grounding_dino_name_the_command(coffee, nothing_here):
    with pytest.raises(NotInstalled, match="Points and rough masks need SAM 2") as caught:
        cut_out(Picture(coffee), points=[(5, 5)])
    assert caught.value.exit_code == 3
    assert "cutsmith models fetch sam2.1-hiera-small" in caught.value.remedy
    with pytest.raises(NotInstalled) as caught:
        cut_out(Picture(coffee), text="mug")
    assert "cutsmith models fetch grounding-dino-tiny" in caught.value.remedy


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"text": ""}, BadPhrases),
        ({"text": " .,;\n"}, BadPhrases),
        ({"text": "чашка"}, BadPhrases),
        ({"text": "mug", "box": (0, 0, 9, 9)}, BadOption),
        ({"text": "mug", "box_threshold": 1.5}, BadOption),
        ({"text": "mug", "max_detections": 0}, BadOption),
        ({"objects": "each"}, BadOption),
        ({"text": "mug", "objects": "some"}, BadOption),
        ({"points": [(1, 2)], "segmenter": "subject-in-box"}, BadOption),
    ],
)
def test_what_no_picture_could_be_searched_for_is_refused(coffee, options, error):
    with pytest.raises(error):
        cut_out(Picture(coffee), **options)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"points": [(9999, 5)]}, BadPoint),
        ({"points": [(5, 5, 0)]}, BadPoint),
        ({"box": (50, 50, 20, 60)}, BadBox),
        ({"box": (5000, 0, 6000, 10)}, BadBox),
    ],
)
def test_what_does_not_fit_the_picture_is_refused(coffee, models, options, error):
    with pytest.raises(error):
        cut_out(Picture(coffee), segmenter=models["segmenter"], device="cpu", **options)


def test_a_mask_alone_is_of_the_best_object_where_that_is_asked(coffee, found, models):
    asked = Request().updated({**WORDS, **models})
    assert len(find_mask(coffee, asked).objects) == len(found.objects) > 1
    assert len(find_mask(coffee, asked.updated({"objects": "best"})).objects) == 1
