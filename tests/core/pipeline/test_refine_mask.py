"""`refine_mask`: a mask that somebody made gets the edge and the colours that `cut_out` gives to a model's."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import cutsmith
from cutsmith import Models, Picture, cut_out, refine_mask
from cutsmith.errors import BadArray, BadOption, PictureTooLarge
from cutsmith.matting import pymatting_methods
from cutsmith.matting.foreground import estimate_foreground
from cutsmith.matting.mask_edits import edited_mask, hardened

HEIGHT, WIDTH = 60, 70


class Given:
    """A remover that finds what it was told."""

    name = "given"

    def __init__(self, soft_mask: np.ndarray) -> None:
        self._soft_mask = soft_mask

    def provenance(self):
        return {"model": self.name}

    def soft_mask(self, image):
        return self._soft_mask


def disc(softness: float = 6.0) -> np.ndarray:
    """A soft mask of a disc, float32 (H, W)."""
    y, x = np.indices((HEIGHT, WIDTH))
    return np.clip((18 - np.hypot(y - 30, x - 33)) / softness + 0.5, 0, 1).astype(np.float32)


def mixed(dtype=np.uint8) -> np.ndarray:
    """A picture of a reddish disc before something green, with some noise."""
    share = disc()[..., None]
    noise = np.random.default_rng(0).normal(0, 0.02, (HEIGHT, WIDTH, 3))
    shown = share * np.array([0.8, 0.3, 0.2]) + (1 - share) * np.array([0.1, 0.6, 0.3]) + noise
    return np.rint(np.clip(shown, 0, 1) * np.iinfo(dtype).max).astype(dtype)


def rough_trimap() -> np.ndarray:
    """A trimap with a band wider than any that the mask would get, and a corner that contradicts the mask."""
    y, x = np.indices((HEIGHT, WIDTH))
    distance = np.hypot(y - 30, x - 33)
    trimap = np.full((HEIGHT, WIDTH), 128, np.uint8)
    trimap[distance <= 10] = 255
    trimap[distance >= 27] = 0
    trimap[:6, :6] = 255
    return trimap


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_without_matting_alpha_is_the_mask_and_the_colours_are_those_of_the_subject(dtype) -> None:
    pixels, mask = mixed(dtype), disc()
    cut = refine_mask(Picture(pixels), mask, matting="none")
    np.testing.assert_array_equal(cut.alpha, mask)
    np.testing.assert_array_equal(cut.soft_mask, mask)
    np.testing.assert_array_equal(cut.foreground, estimate_foreground(pixels, mask))
    assert cut.alpha.dtype == np.float32
    assert cut.foreground.dtype == dtype
    assert set(cut.seconds) == {"read", "matting", "foreground"}


def test_the_colours_may_stay_those_of_the_picture() -> None:
    cut = refine_mask(Picture(mixed()), disc(), matting="none", foreground="none")
    np.testing.assert_array_equal(cut.foreground, mixed())


@pytest.mark.parametrize("options", [{}, {"band": (1, 6)}, {"foreground": "none"}, {"matting": "none"}])
@pytest.mark.parametrize("own_alpha", [False, True])
def test_a_mask_is_finished_as_cut_out_finishes_a_models(options, own_alpha) -> None:
    alpha = np.linspace(0, 1, HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH) if own_alpha else None
    picture = Picture(mixed(np.uint16), alpha)
    options = {"matting": "closed-form", **options}
    ours = refine_mask(picture, disc(), **options)
    theirs = cut_out(picture, models=Models(remover=Given(disc())), looks="1", **options)
    np.testing.assert_array_equal(ours.alpha, theirs.alpha)
    np.testing.assert_array_equal(ours.foreground, theirs.foreground)
    np.testing.assert_array_equal(ours.soft_mask, theirs.soft_mask)


def test_matting_is_what_is_done_where_nothing_is_said() -> None:
    cut = refine_mask(Picture(mixed()), disc() > 0.5)
    undecided = (cut.alpha > 0) & (cut.alpha < 1)
    assert undecided.sum() > 100
    # The mask was cut off in the middle of a soft edge; the picture shows the rest of it.
    assert np.abs(cut.alpha - disc()).mean() < np.abs((disc() > 0.5) - disc()).mean() / 2


def test_what_a_trimap_knows_is_kept_whatever_the_mask_says() -> None:
    trimap = rough_trimap()
    cut = refine_mask(Picture(mixed()), disc(), trimap=trimap)
    assert (cut.alpha[trimap == 255] == 1).all()
    assert (cut.alpha[trimap == 0] == 0).all()
    assert np.unique(cut.alpha[trimap == 128]).size > 100
    assert not np.array_equal(cut.alpha, refine_mask(Picture(mixed()), disc()).alpha)
    np.testing.assert_array_equal(cut.soft_mask, disc())


def test_a_trimap_leaves_nothing_for_the_band_to_say() -> None:
    default, narrow, wide = (
        refine_mask(Picture(mixed()), disc(), trimap=rough_trimap(), band=band) for band in (None, (0, 0), (20, 20))
    )
    np.testing.assert_array_equal(narrow.alpha, default.alpha)
    np.testing.assert_array_equal(wide.alpha, default.alpha)


@pytest.mark.parametrize(
    "same",
    [
        np.where(rough_trimap() == 128, 127, rough_trimap()).astype(np.uint8),
        np.where(rough_trimap() == 128, 0.5, rough_trimap() / 255).astype(np.float32),
        np.where(rough_trimap() == 128, 0.5, rough_trimap() / 255),
        rough_trimap().astype(np.int64),
    ],
    ids=["127", "float32", "float64", "int64"],
)
def test_trimaps_of_every_usual_kind_mean_the_same(same) -> None:
    expected = refine_mask(Picture(mixed()), disc(), trimap=rough_trimap())
    cut = refine_mask(Picture(mixed()), disc(), trimap=same)
    np.testing.assert_array_equal(cut.alpha, expected.alpha)


def test_where_a_trimap_knows_nothing_the_mask_stays() -> None:
    cut = refine_mask(Picture(mixed()), disc(), trimap=np.full((HEIGHT, WIDTH), 128, np.uint8))
    np.testing.assert_array_equal(cut.alpha, disc())


@pytest.mark.parametrize(
    ("trimap", "told"),
    [
        (np.full((HEIGHT, WIDTH), 300, np.int64), "0, 128 and 255, but got 4200 values outside 0 to 255: 300"),
        (np.full((HEIGHT, WIDTH), 1.7, np.float32), "0, 0.5 and 1, but got"),
        (np.full((HEIGHT, WIDTH), np.nan, np.float32), "values outside 0 to 1: nan"),
        (np.zeros((HEIGHT, WIDTH), bool), "but got bool"),
        (np.zeros((WIDTH, HEIGHT), np.uint8), r"of shape \(60, 70\).* but got shape \(70, 60\)"),
        (np.zeros((HEIGHT, WIDTH, 3), np.uint8), r"but got shape \(60, 70, 3\)"),
    ],
)
@pytest.mark.parametrize("matting", ["closed-form", "none"])
def test_what_is_no_trimap_of_the_picture_is_refused(trimap, told, matting) -> None:
    with pytest.raises(BadArray, match=told):
        refine_mask(Picture(mixed()), disc(), trimap=trimap, matting=matting)


@pytest.mark.parametrize("matting", ["closed-form", "none"])
def test_masks_of_every_usual_kind_mean_the_same(matting) -> None:
    inside = disc() > 0.5
    kinds = [inside, inside.astype(np.uint8) * np.uint8(255), inside.astype(np.float16), inside.astype(np.float64)]
    cuts = [refine_mask(Picture(mixed()), mask, matting=matting) for mask in kinds]
    assert {cut.soft_mask.dtype for cut in cuts} == {np.dtype(np.float32)}
    for cut in cuts:
        np.testing.assert_array_equal(cut.soft_mask, inside)
        np.testing.assert_array_equal(cut.alpha, cuts[0].alpha)


def test_levels_of_8_bits_are_shares_of_255() -> None:
    levels = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).astype(np.uint8)
    cut = refine_mask(Picture(mixed()), levels, matting="none")
    np.testing.assert_allclose(cut.alpha, levels / 255, atol=1e-7)


@pytest.mark.parametrize("matting", ["closed-form", "none"])
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float32])
def test_an_empty_mask_is_no_error_and_shows_nothing(matting, dtype) -> None:
    cut = refine_mask(Picture(mixed()), np.zeros((HEIGHT, WIDTH), dtype), matting=matting)
    assert not cut.alpha.any()
    assert not cut.foreground.any()


@pytest.mark.parametrize("matting", ["closed-form", "none"])
def test_a_mask_of_everything_shows_the_picture(matting) -> None:
    cut = refine_mask(Picture(mixed()), np.ones((HEIGHT, WIDTH), bool), matting=matting)
    assert (cut.alpha == 1).all()
    np.testing.assert_array_equal(cut.foreground, mixed())


@pytest.mark.parametrize("matting", ["closed-form", "none"])
def test_an_alpha_that_was_there_is_multiplied(matting) -> None:
    own = np.ones((HEIGHT, WIDTH), np.float32)
    own[:, :33] = 0.6
    picture = Picture(mixed(), own)
    cut = refine_mask(picture, disc(), matting=matting)
    alone = refine_mask(Picture(picture.srgb()), disc(), matting=matting)
    np.testing.assert_array_equal(cut.alpha, alone.alpha * own)
    assert cut.alpha.max() == 1


def test_a_picture_of_16_bits_stays_one() -> None:
    pixels = mixed(np.uint16)
    cut = refine_mask(Picture(pixels), disc())
    assert cut.foreground.dtype == np.uint16
    opaque = cut.alpha == 1
    assert opaque.sum() > 100
    np.testing.assert_array_equal(cut.foreground[opaque], pixels[opaque])


def test_the_picture_may_be_a_file_and_has_to_be_small_enough(tmp_path) -> None:
    path = tmp_path / "mixed.png"
    Image.fromarray(mixed()).save(path)
    from_file = refine_mask(path, disc(), matting="none")
    np.testing.assert_array_equal(
        from_file.foreground, refine_mask(Picture(mixed()), disc(), matting="none").foreground
    )
    assert from_file.picture.source == str(path)
    with pytest.raises(PictureTooLarge):
        refine_mask(path, disc(), max_pixels=HEIGHT * WIDTH - 1)


@pytest.mark.parametrize("options", [{}, {"trimap": rough_trimap()}, {"matting": "none"}])
def test_nothing_that_was_given_is_written_into(options) -> None:
    pixels, mask = mixed(), disc()
    trimap = options["trimap"].copy() if "trimap" in options else None
    cut = refine_mask(Picture(pixels), mask, **options)
    cut.alpha[:] = 0.25
    cut.foreground[:] = 7
    np.testing.assert_array_equal(pixels, mixed())
    np.testing.assert_array_equal(mask, disc())
    if trimap is not None:
        np.testing.assert_array_equal(options["trimap"], trimap)


@pytest.mark.parametrize(
    ("mask", "told"),
    [
        (disc().T, r"of shape \(60, 70\).* but got shape \(70, 60\)"),
        (disc()[None], r"shape \(1, 60, 70\)"),
        (disc() * 255, r"float in \[0, 1\], but got values from 0 to 255"),
        (np.full((HEIGHT, WIDTH), np.nan, np.float32), "4200 values that are NaN"),
        (np.full((HEIGHT, WIDTH), 7, np.int64), "but got int64"),
    ],
)
def test_what_is_no_mask_of_the_picture_is_refused(mask, told) -> None:
    with pytest.raises(BadArray, match=told):
        refine_mask(Picture(mixed()), mask)


@pytest.mark.parametrize(
    ("options", "about", "told"),
    [
        ({"matting": "none", "band": (3, 3)}, "band", "A band is for a matting method, but none was asked for"),
        ({"matting": "magic"}, "matting", "matting must be one of none, auto, .* but got 'magic'"),
        ({"foreground": "magic"}, "foreground", "foreground must be one of .* but got 'magic'"),
        ({"band": (-1, 3)}, "band", r"band must be two whole numbers .* but got \(-1, 3\)"),
        ({"band": (1.5, 3)}, "band", r"band must be two whole numbers .* but got \(1.5, 3\)"),
        ({"box": (0, 0, 9, 9)}, "box", "A given mask says what is cut out, but box was given beside it"),
        ({"matte": "none"}, "", "There is no option 'matte'"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_read(options, about, told) -> None:
    with pytest.raises(BadOption, match=told) as caught:
        refine_mask("no such picture.png", disc(), **options)
    assert caught.value.exit_code == 2
    assert caught.value.option == about


def test_provenance_tells_what_was_given_and_names_no_model() -> None:
    told = refine_mask(Picture(mixed()), disc(), trimap=rough_trimap()).provenance
    assert told["mask"] == "given"
    assert told["trimap"] == "given"
    assert told["matting"] == "auto"
    assert told["foreground"] == "multilevel"
    assert told["software"] == f"Cutsmith {cutsmith.__version__}"
    assert "model" not in told

    told = refine_mask(Picture(mixed()), disc(), band=(2, 5)).provenance
    assert told["mask"] == "given"
    assert told["band"] == "2,5"
    assert "trimap" not in told


def test_the_stages_can_be_followed_and_stopped() -> None:
    pixels, seen = mixed(), []
    cut = refine_mask(Picture(pixels), disc(), matting="none", on_stage=seen.append)
    assert seen == ["read", "matting", "foreground"] == list(cut.seconds)
    seen.clear()
    cut = cut_out(Picture(pixels), models=Models(remover=Given(disc())), on_stage=seen.append)
    assert seen == ["read", "load", "mask", "second look", "matting", "foreground", "quality"] == list(cut.seconds)

    def stop(stage: str) -> None:
        if stage == "mask":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut_out(Picture(pixels), models=Models(remover=Given(disc())), on_stage=stop)


def test_the_alpha_is_hardened_before_the_other_edits_and_before_colours_are_estimated() -> None:
    picture = Picture(mixed())
    for options in ({"harden": 0.3}, {"threshold": 0.4}):
        cut = refine_mask(picture, disc(), matting="none", mask_offset=2, invert=True, **options)
        wanted = edited_mask(hardened(disc(), **options), offset=2, invert=True)
        np.testing.assert_array_equal(cut.alpha, wanted)
        np.testing.assert_array_equal(cut.foreground, estimate_foreground(picture.pixels, wanted))
        np.testing.assert_array_equal(cut.soft_mask, disc())


def test_what_matting_solved_is_hardened_too() -> None:
    soft = refine_mask(Picture(mixed()), disc()).alpha
    np.testing.assert_array_equal(refine_mask(Picture(mixed()), disc(), threshold=0.7).alpha, soft >= 0.7)
    np.testing.assert_array_equal(refine_mask(Picture(mixed()), disc(), harden=0.5).alpha, hardened(soft, harden=0.5))


def test_a_hard_mask_says_so_in_the_provenance() -> None:
    assert refine_mask(Picture(mixed()), disc(), threshold=0.7).provenance["threshold"] == "0.7"
    assert refine_mask(Picture(mixed()), disc(), harden=0.25).provenance["harden"] == "0.25"


@pytest.mark.slow
def test_where_matting_finds_no_solution_the_cut_outs_warnings_say_so(monkeypatch) -> None:
    monkeypatch.setattr(pymatting_methods, "MOST_ITERATIONS", 1)
    cut = cut_out(Picture(mixed()), models=Models(remover=Given(disc())), matting="pymatting-cf")
    (warning,) = [each for each in cut.warnings if "found no solution" in str(each)]
    assert "the mask is left there as it was" in str(warning)
    refined = refine_mask(Picture(mixed()), disc(), matting="pymatting-cf")
    assert any("found no solution" in str(each) for each in refined.warnings)


def test_a_trimap_painted_softly_is_taken_and_the_result_says_so() -> None:
    trimap = np.full((HEIGHT, WIDTH), 128, np.uint8)
    trimap[:, :20], trimap[:, 50:] = 20, 235
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    image = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    cut = refine_mask(image, mask, trimap=trimap, matting="none")
    (told,) = [warning for warning in cut.warnings if "trimap" in warning]
    assert f"{HEIGHT * 20} as background, {HEIGHT * 20} as foreground" in told
