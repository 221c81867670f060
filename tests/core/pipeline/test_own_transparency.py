"""Pictures with transparency of their own: cut out already, faded, or with colours hidden under alpha 0."""

from __future__ import annotations

import numpy as np
import pytest

from cutsmith import Picture, SubjectNotFound, cut_out, find_detections, refine_mask
from cutsmith.errors import WeightsMissing
from cutsmith.pipeline.loading import Models
from cutsmith.result.preview import preview
from tests.core.stand_ins import LeftHalf, Nothing, SoftEdge, TwoMugs, WholeBox

HEIGHT, WIDTH = 80, 120
ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH]
DISTANCE = np.hypot(COLUMNS - 60, ROWS - 40)
DISK = np.clip(30.5 - DISTANCE, 0, 1).astype(np.float32)


def coloured(hidden=(0, 0, 0), alpha=DISK, dtype=np.uint8):
    """An orange disk, whose transparent surroundings have the colour `hidden`, which nobody sees."""
    shade = (1 - DISTANCE / 200)[..., None]
    pixels = (np.array([220, 120, 40]) * shade).astype(np.uint8)
    pixels[alpha == 0] = hidden
    return Picture(pixels if dtype == np.uint8 else pixels.astype(np.uint16) * 257, alpha)


class Unreachable:
    """A pool whose models are missing: whoever asks for one fails."""

    def remover(self, runtime):
        raise WeightsMissing("The weights are not here.")

    detector = segmenter = remover


def test_a_picture_that_is_cut_out_is_its_own_answer_and_needs_no_weights():
    picture = coloured((255, 0, 255))
    cut = cut_out(picture, pool=Unreachable())
    np.testing.assert_array_equal(cut.alpha, DISK)
    np.testing.assert_array_equal(cut.foreground[DISK > 0], picture.pixels[DISK > 0])
    assert any("cut out already" in warning for warning in cut.warnings)
    assert cut.provenance["alpha"] == "the picture's own"
    assert "model" not in cut.provenance


def test_a_white_logo_with_a_hole_on_transparency_keeps_both():
    alpha = DISK.copy()
    alpha[35:45, 50:70] = 0
    cut = cut_out(Picture(np.full((HEIGHT, WIDTH, 3), 255, np.uint8), alpha), pool=Unreachable())
    np.testing.assert_array_equal(cut.alpha, alpha)


def test_a_cut_out_at_half_its_opacity_keeps_it():
    np.testing.assert_array_equal(cut_out(coloured(alpha=DISK * 0.5), pool=Unreachable()).alpha, DISK * 0.5)


def test_matting_leaves_a_picture_that_is_cut_out_alone():
    cut = cut_out(coloured(), pool=Unreachable(), matting="closed-form")
    np.testing.assert_array_equal(cut.alpha, DISK)


def test_edits_count_and_show_nothing_that_is_hidden():
    whole = cut_out(coloured(), pool=Unreachable(), mask_offset=4)
    np.testing.assert_array_equal(whole.alpha > 0, DISK > 0)
    smaller = cut_out(coloured(), pool=Unreachable(), mask_offset=-6)
    assert 0 < smaller.alpha.sum() < 0.8 * DISK.sum()
    inverted = cut_out(coloured(), pool=Unreachable(), invert=True)
    assert inverted.alpha[DISK == 0].max() == 0


def test_a_mask_beside_a_layer_leaves_the_layers_transparency_out():
    cut = cut_out(coloured(alpha=DISK * 0.5), pool=Unreachable(), subject_alone=True)
    np.testing.assert_array_equal(cut.alpha, (DISK > 0).astype(np.float32))


def test_a_box_or_words_still_ask_a_model():
    models = Models(detector=TwoMugs(), segmenter=WholeBox())
    cut = cut_out(coloured(), text="mug", models=models)
    assert cut.objects
    cut = cut_out(coloured(), box=(10, 10, 60, 60), models=models)
    assert cut.objects
    assert not any("cut out already" in warning for warning in cut.warnings)


def test_a_faded_photograph_is_cut_out_by_a_model_and_stays_faded():
    seen = []

    class Watching(LeftHalf):
        def soft_mask(self, image):
            seen.append(image)
            return super().soft_mask(image)

    picture = coloured(alpha=np.full((HEIGHT, WIDTH), 0.5, np.float32))
    cut = cut_out(picture, models=Models(remover=Watching()))
    np.testing.assert_array_equal(seen[0], picture.pixels)
    assert cut.alpha.max() == 0.5
    assert not any("cut out already" in warning for warning in cut.warnings)


def test_where_a_model_finds_nothing_the_transparency_of_a_rectangle_stands_in():
    alpha = np.zeros((HEIGHT, WIDTH), np.float32)
    alpha[10:-10, 10:-10] = 1
    cut = cut_out(Picture(np.full((HEIGHT, WIDTH, 3), 250, np.uint8), alpha), models=Models(remover=Nothing()))
    np.testing.assert_array_equal(cut.alpha, alpha)
    assert any("found no subject" in warning for warning in cut.warnings)
    assert cut.provenance["model"] == Nothing.name
    with pytest.raises(SubjectNotFound):
        cut_out(Picture(np.full((HEIGHT, WIDTH, 3), 250, np.uint8)), models=Models(remover=Nothing()))


def test_a_wholly_transparent_picture_says_so():
    picture = coloured(alpha=np.zeros((HEIGHT, WIDTH), np.float32))
    with pytest.raises(SubjectNotFound, match="wholly transparent"):
        cut_out(picture, pool=Unreachable())


OPTIONS = [
    {},
    {"matting": "closed-form"},
    {"foreground": "none"},
    {"foreground": "multilevel"},
    {"mask_offset": 5, "mask_blur": 3.0},
    {"invert": True},
    {"subject_alone": True},
]
# Faded at one side, with a hidden part: no cut-out, so that a model is asked.
PARTLY = np.where(COLUMNS > 100, 0, np.clip(1 - COLUMNS / 300, 0, 1)).astype(np.float32)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("alpha", [DISK, PARTLY], ids=["cut out", "partly hidden"])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_nothing_depends_on_what_is_hidden(options, alpha, dtype):
    mask = np.clip((50 - DISTANCE) / 20, 0, 1).astype(np.float32)
    made = []
    for hidden in ((0, 0, 0), (255, 0, 255), (255, 255, 255)):
        picture = coloured(hidden, alpha, dtype)
        cuts = [cut_out(picture, models=Models(remover=SoftEdge()), **options), refine_mask(picture, mask, **options)]
        made.append([])
        for cut in cuts:
            made[-1] += [cut.alpha, cut.foreground, cut.on("blur").pixels, cut.on("white").pixels, preview(cut).pixels]
    for others in made[1:]:
        for one, other in zip(made[0], others, strict=True):
            np.testing.assert_array_equal(one, other)


def test_opaque_pixels_keep_their_colours_beside_hidden_ones():
    mask = np.clip((40 - DISTANCE) / 20 + 0.5, 0, 1).astype(np.float32)
    picture = Picture(np.full((HEIGHT, WIDTH, 3), (120, 160, 90), np.uint8), DISK)
    pixels = picture.pixels.copy()
    pixels[DISK == 0] = (255, 0, 255)
    cut = refine_mask(Picture(pixels, DISK), mask, matting="none")
    shown = (DISK == 1) & (cut.alpha > 0.02)
    assert np.abs(cut.foreground[shown].astype(int) - (120, 160, 90)).max() <= 2


def test_detections_do_not_depend_on_what_is_hidden_either():
    seen = []

    class Watching(TwoMugs):
        def candidates(self, image, phrases):
            seen.append(image)
            return super().candidates(image, phrases)

    for hidden in ((0, 0, 0), (255, 0, 255)):
        find_detections(coloured(hidden), "mug", models=Models(detector=Watching()))
    np.testing.assert_array_equal(*seen)
