"""Jobs for a picture that stays open: clicks add and take away, words find, and a preview shows the cut-out."""

from __future__ import annotations

import numpy as np
import pytest

from cutsmith import Picture, cut_out, refine_mask
from cutsmith.errors import BadArray, BadBox, BadJob, BadOption, BadPoint, Cancelled, PictureNotOpen, SubjectNotFound
from cutsmith.picture.samples import samples_from_alpha
from cutsmith.pipeline.point_at import point_at
from cutsmith.pipeline.prompting import Part
from cutsmith.request import Request
from cutsmith.segmentation.sam2 import Sam2Segmenter
from cutsmith.serving.answers import Answer
from cutsmith.serving.jobs import run_job
from cutsmith.serving.open_pictures import OpenPictures

PIXELS = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
PARTS = [{"points": [[30, 20, 1]]}, {"box": [10, 10, 50, 50]}, {"points": [[60, 40, 1]], "is_taken_away": True}]


@pytest.fixture
def pictures() -> OpenPictures:
    return OpenPictures(10_000_000, 60)


@pytest.fixture
def run(pictures):
    def job(kind: str, fields: object = None, cancelled=lambda: False, **arrays) -> Answer:
        return run_job(kind, {} if fields is None else fields, arrays, lambda *_: None, cancelled, pictures)

    return job


@pytest.fixture
def opened(run) -> str:
    return run("open", pixels=PIXELS).fields["picture"]


def test_an_opened_picture_is_shown_and_closed(run) -> None:
    answer = run("open", {"longest": 40}, pixels=np.dstack([PIXELS, PIXELS[..., 0]]))
    assert answer.arrays["shown"].shape == (30, 40, 4)
    assert {"width": 80, "height": 60}.items() <= answer.fields.items()
    identity = {"picture": answer.fields["picture"]}
    assert run("close", identity).fields == {"was_open": True}
    for kind in ("close", "mask", "preview", "detect", "cut"):
        with pytest.raises(PictureNotOpen):
            run(kind, identity)


def test_parts_are_added_and_taken_away(run, opened, tiny_sam2) -> None:
    fields = {"picture": opened, "segmenter": str(tiny_sam2)}
    alone = [
        run("mask", {**fields, "parts": [{**part, "is_taken_away": False}]}).arrays["mask"] / 255 for part in PARTS
    ]
    together = run("mask", {**fields, "parts": PARTS})
    expected = np.minimum(np.maximum(alone[0], alone[1]), 1 - alone[2])
    np.testing.assert_allclose(together.arrays["mask"] / 255, expected, atol=1.01 / 255)
    assert len(together.fields["predicted_iou"]) == 3
    assert run("mask", {**fields, "parts": PARTS, "longest": 40}).arrays["mask"].shape == (30, 40)


def test_a_further_click_encodes_nothing_and_does_not_read_the_pixels_again(
    run, opened, tiny_sam2, monkeypatch
) -> None:
    encoded: list[object] = []
    encode = Sam2Segmenter._encode
    monkeypatch.setattr(Sam2Segmenter, "_encode", lambda self, pixels: encoded.append(1) or encode(self, pixels))
    fields = {"picture": opened, "segmenter": str(tiny_sam2)}
    run("mask", {**fields, "parts": PARTS[:1]})
    read: list[object] = []
    monkeypatch.setattr("cutsmith.segmentation.sam2.hashlib", read)  # has no blake2b: reading the pixels would fail
    run("mask", {**fields, "parts": PARTS[1:2]})
    run("mask", {**fields, "parts": PARTS})
    assert len(encoded) <= 1


def test_a_mask_at_the_screens_size_is_the_mask_made_smaller(tiny_sam2) -> None:
    parts = [Part(points=[(30, 20, 1)])]
    request = Request.of(segmenter=str(tiny_sam2))
    image = np.repeat(np.repeat(PIXELS, 8, 0), 8, 1)
    parts = [Part(points=[(240, 160, 1)])]
    whole = point_at(image, parts, (640, 480), request).soft_mask
    small = point_at(image, parts, (160, 120), request).soft_mask
    assert abs(whole.reshape(120, 4, 160, 4).mean((1, 3)) - small).mean() < 0.01


def test_a_cut_of_parts_is_that_of_the_objects_that_were_asked_for(run, opened, tiny_sam2) -> None:
    fields = {"picture": opened, "segmenter": str(tiny_sam2), "alpha": "float32"}
    one = run("cut", {**fields, "parts": [{"box": [10, 10, 50, 50]}]})
    expected = cut_out(Picture(PIXELS), box=(10, 10, 50, 50), segmenter=str(tiny_sam2))
    np.testing.assert_array_equal(one.arrays["alpha"], expected.alpha)
    several = run("cut", {**fields, "parts": PARTS, "matting": "none"})
    parts = [Part(points=[(30, 20, 1)]), Part((10, 10, 50, 50)), Part(points=[(60, 40, 1)], is_taken_away=True)]
    mask = point_at(PIXELS, parts, (80, 60), Request.of(segmenter=str(tiny_sam2))).soft_mask
    np.testing.assert_allclose(several.arrays["alpha"], mask, atol=1e-5)
    assert several.fields["quality"]["verdict"] in ("accept", "review")
    assert several.fields["provenance"]["segmenter"]
    assert len(several.fields["objects"]) == 2


def test_where_nothing_is_left_nothing_was_found(run, opened, tiny_sam2) -> None:
    same = {"points": [[30, 20, 1]]}
    with pytest.raises(SubjectNotFound, match="Take away less"):
        run("cut", {"picture": opened, "segmenter": str(tiny_sam2), "parts": [same, {**same, "is_taken_away": True}]})


def test_a_click_without_sam_2_says_what_it_needs(run, opened, tiny_network) -> None:
    network = str(tiny_network(64, sigmoid=True))
    for parts in ([{"box": [10, 10, 50, 50]}, {"points": [[9, 9, 1]]}], [{"points": [[9, 9, 1]]}]):
        for kind in ("mask", "cut"):
            with pytest.raises(BadOption, match="subject-in-box takes a box"):
                run(kind, {"picture": opened, "model": network, "segmenter": "subject-in-box", "parts": parts})


def test_a_preview_of_the_whole_picture_is_the_cut(run, opened, tiny_network) -> None:
    network = str(tiny_network(64, sigmoid=True))
    answer = run("preview", {"picture": opened, "model": network, "matting": "none"})
    cut = cut_out(Picture(PIXELS), model=network, matting="none")
    np.testing.assert_array_equal(answer.arrays["alpha"], samples_from_alpha(cut.alpha, np.dtype(np.uint8)))
    np.testing.assert_array_equal(answer.arrays["colours"], cut.foreground)


def test_a_preview_of_a_mask_that_is_there_is_its_edge_worked_out(run, opened) -> None:
    mask = np.zeros((60, 80), np.uint8)
    mask[10:40, 20:60] = 255
    for matting in ("none", "closed-form"):
        answer = run("preview", {"picture": opened, "matting": matting}, soft_mask=mask)
        refined = refine_mask(Picture(PIXELS), mask, matting=matting)
        np.testing.assert_array_equal(answer.arrays["alpha"], samples_from_alpha(refined.alpha, np.dtype(np.uint8)))
    small = run("preview", {"picture": opened, "matting": "none", "longest": 40}, soft_mask=mask).arrays["alpha"]
    np.testing.assert_array_equal(small, mask[::2, ::2])
    with pytest.raises(BadArray):
        run("preview", {"picture": opened}, soft_mask=mask[:-1])


def test_found_boxes_as_parts_are_the_words_that_found_them(run, opened, tiny_folder, tiny_network) -> None:
    models = {"model": str(tiny_network(64, sigmoid=True)), "segmenter": "subject-in-box", "matting": "none"}
    words = {"text": "nose, two eyes, cat", "box_threshold": 0.01, "text_threshold": 0.01, "detector": str(tiny_folder)}
    found = run("detect", {"picture": opened, **words}).fields["objects"]
    assert len(found) > 1
    by_words = run("cut", {"picture": opened, **models, **words, "alpha": "float32"})
    parts = [{"box": each["box"]} for each in found]
    by_parts = run("cut", {"picture": opened, **models, "parts": parts, "alpha": "float32"})
    np.testing.assert_array_equal(by_parts.arrays["alpha"], by_words.arrays["alpha"])


def test_what_is_to_be_known_of_words_is_told_with_what_they_find(run, opened, tiny_folder) -> None:
    words = {
        "text": ", ".join(f"nose {number}" for number in range(200)),
        "box_threshold": 0.01,
        "text_threshold": 0.01,
    }
    told = run("detect", {"picture": opened, **words, "detector": str(tiny_folder)}).fields
    assert told["warnings"]
    assert [" ".join([each["what"], *(cure["text"] for cure in each["cures"])]) for each in told["notices"]] == [
        *told["warnings"]
    ]


def test_a_change_of_the_edge_finds_the_subject_once(run, opened, tiny_network, monkeypatch) -> None:
    from cutsmith.removal.salient import SalientRemover

    seen: list[object] = []
    find = SalientRemover.soft_mask
    monkeypatch.setattr(SalientRemover, "soft_mask", lambda self, image: seen.append(1) or find(self, image))
    fields = {"picture": opened, "model": str(tiny_network(64, sigmoid=True)), "looks": "1", "longest": 40}
    shapes = {
        run("preview", {**fields, **edge}).arrays["alpha"].shape for edge in ({}, {"band": [8, 8]}, {"mask_blur": 2})
    }
    assert (shapes, len(seen)) == ({(30, 40)}, 1)


def test_options_in_pixels_shrink_with_the_picture(run, opened, tiny_network) -> None:
    fields = {"picture": opened, "model": str(tiny_network(64, sigmoid=True)), "matting": "none", "foreground": "none"}
    plain, grown = (
        (run("preview", {**fields, "longest": 40, "mask_offset": offset}).arrays["alpha"] > 127).sum()
        for offset in (0, 8)
    )
    assert grown >= plain


@pytest.mark.parametrize(
    ("parts", "error", "told"),
    [
        ([], BadPoint, "first thing"),
        ([{"points": [[1, 1, 1]], "is_taken_away": True}], BadPoint, "first thing"),
        ("all", BadJob, "a list of objects"),
        ([{"circle": 3}], BadJob, "unknown fields of a part"),
        ([{}], BadPoint, "a box or a click"),
        ([{"points": [[1, 1, 1]], "is_taken_away": 1}], BadJob, "true or false"),
        ([{"box": [1, 2, 3]}], BadBox, "four"),
        ([{"points": [[500, 1, 1]]}], BadPoint, "500"),
    ],
)
def test_a_wrong_part_says_what_is_wrong(run, opened, tiny_sam2, parts, error, told) -> None:
    with pytest.raises(error) as refused:
        run("mask", {"picture": opened, "segmenter": str(tiny_sam2), "parts": parts})
    assert told in str(refused.value)


@pytest.mark.parametrize("longest", [0, "many", 2.5, True, 99999])
def test_a_wrong_size_of_the_preview_is_refused(run, opened, longest) -> None:
    with pytest.raises(BadJob, match="longest must be a whole number"):
        run("preview", {"picture": opened, "longest": longest})


def test_a_preview_that_nobody_wants_ends(run, opened, tiny_network) -> None:
    with pytest.raises(Cancelled):
        run("preview", {"picture": opened, "model": str(tiny_network(64, sigmoid=True))}, lambda: True)


def test_the_pictures_used_last_stay_open(pictures, run) -> None:
    pictures._most_bytes = PIXELS.nbytes * 2 + 1
    first, second = (run("open", pixels=PIXELS).fields["picture"] for _ in range(2))
    pictures.keep(pictures.find(first))
    run("open", pixels=PIXELS)
    assert pictures.find(second) is None
    assert pictures.find(first) is not None
    pictures._seconds = -1.0
    pictures.close_unused()
    assert len(pictures) == 0
