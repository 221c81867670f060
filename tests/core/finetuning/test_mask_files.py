"""What a file of masks means is told by what it holds, and what could mean two things is refused."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from cutsmith.finetuning.faults import BadMask
from cutsmith.finetuning.mask_files import MaskFile, ResultFiles
from tests.core.finetuning.drawn import SIZE, cut_out, disc, gray, palette, picture, same, two_discs

FIRST, SECOND = two_discs()
NUMBERED = FIRST + SECOND * 2
RING = disc() & ~disc(centre=(13, 8))
COLOURS = [0, 0, 0, 128, 0, 0, 0, 128, 0]
BLACK_AND_WHITE = [0, 0, 0, 255, 255, 255]


def masks(path):
    return MaskFile(path).masks()


def test_gray_of_0_and_255_is_one_object(tmp_path) -> None:
    assert same(masks(gray(tmp_path / "a.png", disc())), [disc()])


def test_gray_of_0_and_1_is_one_object(tmp_path) -> None:
    assert same(masks(gray(tmp_path / "a.png", disc().astype(np.uint8))), [disc()])


def test_gray_numbers_are_objects(tmp_path) -> None:
    assert same(masks(gray(tmp_path / "a.png", NUMBERED.astype(np.uint8))), [FIRST, SECOND])


def test_gray_numbers_of_16_bits_are_objects(tmp_path) -> None:
    assert same(masks(gray(tmp_path / "a.png", (NUMBERED * 300).astype(np.uint16))), [FIRST, SECOND])


def test_black_shows_nothing(tmp_path) -> None:
    nothing = np.zeros((16, 24), bool)
    assert same(masks(gray(tmp_path / "a.png", nothing)), [nothing])


def test_a_palette_holds_numbers_of_objects_and_255_is_void(tmp_path) -> None:
    indices = NUMBERED.copy()
    indices[0] = 255
    colours = [*COLOURS, *[0] * (3 * 252), 224, 224, 192]
    assert same(masks(palette(tmp_path / "a.png", indices, colours)), [FIRST, SECOND])


def test_a_palette_of_few_bits_holds_numbers_too(tmp_path) -> None:
    assert same(masks(palette(tmp_path / "a.png", NUMBERED, COLOURS, bits=2)), [FIRST, SECOND])


def test_255_alone_in_a_palette_is_the_object(tmp_path) -> None:
    colours = [number for number in range(256) for _ in range(3)]
    assert same(masks(palette(tmp_path / "a.png", disc() * 255, colours)), [disc()])
    assert same(masks(palette(tmp_path / "b.png", disc() * 255, [7, 0, 0] * 256)), [disc()])


@pytest.mark.parametrize("is_white_first", [False, True])
def test_black_and_white_are_read_by_their_colours_whichever_comes_first(tmp_path, is_white_first) -> None:
    indices, colours = (~disc(), BLACK_AND_WHITE[::-1]) if is_white_first else (disc(), BLACK_AND_WHITE)
    assert same(masks(palette(tmp_path / "a.png", indices, colours)), [disc()])


def test_two_white_objects_in_a_palette_stay_two(tmp_path) -> None:
    colours = [*BLACK_AND_WHITE, 255, 255, 255]
    assert same(masks(palette(tmp_path / "a.png", NUMBERED, colours)), [FIRST, SECOND])


def test_a_palette_with_transparency_is_a_cut_out(tmp_path) -> None:
    path = palette(tmp_path / "a.png", NUMBERED, COLOURS, transparency=0)
    assert same(masks(path), [FIRST | SECOND])


def test_what_is_half_opaque_is_the_object_of_a_cut_out(tmp_path) -> None:
    alpha = np.zeros((16, 24), np.uint8)
    alpha[2:8, 2:8], alpha[3:5, 3:5], alpha[9] = 255, 128, 127
    assert same(masks(cut_out(tmp_path / "a.png", alpha)), [alpha >= 128])
    assert same(masks(cut_out(tmp_path / "b.png", np.zeros((16, 24), np.uint8))), [np.zeros((16, 24), bool)])


def test_soft_edges_are_cut_at_half(tmp_path) -> None:
    rows, columns = np.mgrid[:16, :24]
    soft = np.clip(255 * (7 - np.hypot(rows - 8.2, columns - 12.1)), 0, 255).astype(np.uint8)
    assert len(np.unique(soft)) > 10
    assert same(masks(gray(tmp_path / "a.png", soft)), [soft >= 128])


@pytest.mark.parametrize("values", [(1, 2, 255), (128, 255), (0, 17, 255)])
def test_255_beside_numbers_in_gray_is_not_guessed(tmp_path, values) -> None:
    drawn = np.zeros((16, 24), np.uint8)
    for place, value in enumerate(values):
        drawn[4 * place : 4 * place + 2] = value
    with pytest.raises(BadMask, match=r"neither 255 alone, nor numbers of objects.*save it with a palette") as caught:
        masks(gray(tmp_path / "a.png", drawn))
    assert caught.value.path == tmp_path / "a.png"


def test_soft_values_without_white_are_no_numbers_of_objects(tmp_path) -> None:
    drawn = np.linspace(0, 250, 16 * 24).reshape(16, 24).astype(np.uint8)
    with pytest.raises(BadMask, match=r"values 1, 2, 3, 4, 5, \.\.\., 250"):
        masks(gray(tmp_path / "a.png", drawn))


def test_a_photograph_is_no_mask(tmp_path) -> None:
    with pytest.raises(BadMask, match="in colour and opaque"):
        masks(picture(tmp_path / "a.png"))


def test_black_and_white_in_three_channels_is_a_mask(tmp_path) -> None:
    Image.fromarray(np.dstack([disc() * np.uint8(255)] * 3)).save(tmp_path / "a.png")
    assert same(masks(tmp_path / "a.png"), [disc()])


def test_a_damaged_mask_is_told_without_its_name(tmp_path) -> None:
    path = gray(tmp_path / "a.png", disc())
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(BadMask, match=r"^It begins as a picture, but cannot be decoded"):
        masks(path)
    path.write_bytes(b"")
    with pytest.raises(BadMask, match=r"^It is empty"):
        masks(path)


def test_numbers_are_read_as_they_are_whatever_profile_a_file_has(tmp_path) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(np.dstack([NUMBERED.astype(np.uint8)] * 3)).save(tmp_path / "a.png", icc_profile=profile)
    assert same(masks(tmp_path / "a.png"), [FIRST, SECOND])


def test_the_identity_changes_with_the_file_alone(tmp_path) -> None:
    path = gray(tmp_path / "a.png", disc())
    before = MaskFile(path).identity()
    assert before == MaskFile(gray(tmp_path / "b.png", disc())).identity()
    gray(path, FIRST)
    assert before != MaskFile(path).identity()
    assert len(before) == 64


def test_each_result_is_an_object_and_an_empty_one_is_none(tmp_path) -> None:
    paths = (
        cut_out(tmp_path / "a-1.png", FIRST * np.uint8(255)),
        gray(tmp_path / "a-2.png", SECOND),
        cut_out(tmp_path / "a-3.png", np.zeros((16, 24), np.uint8)),
    )
    assert same(ResultFiles(paths).masks(), [FIRST, SECOND])
    assert ResultFiles(paths).identity() != ResultFiles(paths[:2]).identity()


def test_an_alpha_alone_is_soft_whatever_values_it_has(tmp_path) -> None:
    alpha = np.zeros((16, 24), np.uint8)
    alpha[4], alpha[5], alpha[6] = 127, 128, 255
    assert same(ResultFiles((gray(tmp_path / "a.png", alpha),)).masks(), [alpha >= 128])


def test_a_result_on_a_background_is_none(tmp_path) -> None:
    with pytest.raises(BadMask, match="laid on a background"):
        ResultFiles((picture(tmp_path / "a.jpg", size=SIZE),)).masks()
