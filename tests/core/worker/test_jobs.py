"""What a worker answers is what the engine gives, and a job that is none is told what is wrong with it."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest
from PIL import Image, ImageCms

from cutsmith import Picture, cut_out, refine_mask
from cutsmith.detection.loading import why_no_detector
from cutsmith.geometry import interior_points
from cutsmith.picture.samples import samples_from_alpha
from cutsmith.result.as_json import notice_of
from cutsmith.segmentation.loading import why_no_segmenter
from cutsmith.worker.protocol import Array, Message
from cutsmith.worker.session import JobFailed
from tests.core.worker.conftest import received, sent


@pytest.fixture(scope="module")
def session(warm):
    with warm.connect(start=False) as session:
        yield session


def as_dtype(alpha: np.ndarray, dtype: str) -> np.ndarray:
    return alpha if dtype == "float32" else samples_from_alpha(alpha, np.dtype(dtype))


def soft_mask(height: int, width: int) -> np.ndarray:
    y, x = np.indices((height, width))
    return np.clip((18 - np.hypot(y - 30, x - 33)) / 6 + 0.5, 0, 1).astype(np.float32)


def test_a_ping_tells_the_process(session) -> None:
    assert session.run("ping").header["pid"] == session.welcome.pid != os.getpid()


@pytest.mark.parametrize("alpha", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("depth", ["uint8", "uint16"])
def test_a_cut_is_cut_outs_bit_for_bit(session, network, pixels, depth, alpha) -> None:
    shown = pixels if depth == "uint8" else pixels.astype(np.uint16) * 257 - (pixels > 0)
    options = {"model": str(network), "alpha": alpha, "colours": True}
    answer = session.run("cut", options, {"pixels": sent(shown)})
    cut = cut_out(Picture(shown), model=str(network))
    np.testing.assert_array_equal(received(answer.arrays["alpha"]), as_dtype(cut.alpha, alpha))
    np.testing.assert_array_equal(received(answer.arrays["colours"]), cut.foreground)
    assert received(answer.arrays["colours"]).dtype == depth
    assert answer.header["provenance"] == dict(cut.provenance)
    assert answer.header["warnings"] == list(cut.warnings)
    assert answer.header["notices"] == [notice_of(each).to_json() for each in cut.warnings]
    assert set(answer.header["seconds"]) == set(cut.seconds)


def test_without_colours_none_are_sent_and_alpha_is_the_same(session, network, pixels) -> None:
    answer = session.run("cut", {"model": str(network)}, {"pixels": sent(pixels)})
    assert list(answer.arrays) == ["alpha"]
    alpha = cut_out(Picture(pixels), model=str(network)).alpha
    np.testing.assert_array_equal(received(answer.arrays["alpha"]), as_dtype(alpha, "uint8"))


def test_a_pictures_own_alpha_and_profile_count(session, network, pixels) -> None:
    own = np.tile(np.arange(80, dtype=np.uint8) * 3, (60, 1))
    # A profile that is not sRGB's: the red and green primaries change places.
    swapped = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    icc = bytearray(swapped.tobytes())
    red, green = icc.index(b"rXYZ"), icc.index(b"gXYZ")
    icc[red : red + 4], icc[green : green + 4] = b"gXYZ", b"rXYZ"
    arrays = {"pixels": sent(np.dstack([pixels, own])), "icc": Array("uint8", (len(icc),), bytes(icc))}
    answer = session.run("cut", {"model": str(network), "alpha": "float32"}, arrays)
    picture = Picture(pixels, own.astype(np.float32) / np.float32(255), bytes(icc))
    assert not np.array_equal(picture.srgb(), Picture(pixels, picture.alpha).srgb())
    expected = cut_out(picture, model=str(network)).alpha
    np.testing.assert_array_equal(received(answer.arrays["alpha"]), expected)


def test_a_box_is_cut_and_told_as_an_object(session, network, pixels) -> None:
    options = {"model": str(network), "segmenter": "subject-in-box", "box": [10, 5, 50, 40.5], "alpha": "float32"}
    answer = session.run("cut", options, {"pixels": sent(pixels)})
    cut = cut_out(Picture(pixels), model=str(network), segmenter="subject-in-box", box=(10, 5, 50, 40.5))
    np.testing.assert_array_equal(received(answer.arrays["alpha"]), cut.alpha)
    (found,) = answer.header["objects"]
    assert found["box"] == [10, 5, 50, 40.5]


@pytest.mark.parametrize("given", ["mask", "trimap"])
def test_refine_is_refine_masks_bit_for_bit(session, pixels, given) -> None:
    mask = soft_mask(60, 80)
    trimap = np.where(mask > 0.9, 255, np.where(mask < 0.1, 0, 128)).astype(np.uint8)
    arrays = {"pixels": sent(pixels), "mask": sent(mask)}
    settings = {"band": (2, 4)}
    if given == "trimap":
        arrays["trimap"], settings = sent(trimap), {}
    job = session.submit("refine", {"alpha": "float32", "colours": True, **settings}, arrays)
    stages = [(each.stage, each.fraction) for each in job.follow()]
    assert list(dict.fromkeys(stage for stage, _ in stages)) == ["read", "matting", "foreground", "answer"]
    fractions = [fraction for _, fraction in stages]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < fractions[-1] < 1
    cut = refine_mask(Picture(pixels), mask, trimap=trimap if given == "trimap" else None, **settings)
    np.testing.assert_array_equal(received(job.result().arrays["alpha"]), cut.alpha)
    np.testing.assert_array_equal(received(job.result().arrays["colours"]), cut.foreground)


def test_the_stages_of_a_cut_are_told(session, network, pixels) -> None:
    job = session.submit("cut", {"model": str(network), "matting": "closed-form"}, {"pixels": sent(pixels)})
    stages = list(dict.fromkeys(each.stage for each in job.follow()))
    assert stages == ["read", "load", "mask", "second look", "matting", "foreground", "quality", "answer"]


def test_models_tells_what_is_here(session) -> None:
    from cutsmith.models.catalogue import catalogue
    from cutsmith.models.store import Store

    told = {each["name"]: each for each in session.run("models").header["models"]}
    assert set(told) == set(catalogue())
    for name, entry in catalogue().items():
        assert told[name]["here"] == (Store().find(entry) is not None)
        assert told[name]["kind"] == entry.kind


@pytest.mark.parametrize("segmenter", [None, "subject-in-box"])
def test_a_selection_is_its_box_where_no_sam2_is_asked_for(session, network, pixels, segmenter) -> None:
    chosen = {} if segmenter is None else {"segmenter": segmenter}
    selection = np.zeros((60, 80), np.uint8)
    selection[5:40, 10:50] = 255
    options = {"model": str(network), "alpha": "float32", **chosen}
    answer = session.run("cut", options, {"pixels": sent(pixels), "selection": sent(selection)})
    cut = cut_out(Picture(pixels), model=str(network), box=(10, 5, 50, 40), **chosen)
    np.testing.assert_array_equal(received(answer.arrays["alpha"]), cut.alpha)
    (found,) = answer.header["objects"]
    assert found["box"] == [10, 5, 50, 40]


def test_a_selection_is_box_and_points_for_sam2(session, tiny_sam2, pixels) -> None:
    selection = np.zeros((60, 80), np.float32)
    selection[5:40, 10:50] = 0.9
    options = {"segmenter": str(tiny_sam2), "alpha": "float32"}
    answer = session.run("cut", options, {"pixels": sent(pixels), "selection": sent(selection)})
    points = interior_points(selection > 0.5, 3)
    cut = cut_out(Picture(pixels), segmenter=str(tiny_sam2), box=(10, 5, 50, 40), points=points)
    # Another process may add PyTorch's sums in another order.
    np.testing.assert_allclose(received(answer.arrays["alpha"]), cut.alpha, rtol=0, atol=1e-6)


@pytest.mark.parametrize("job", ["cut", "refine"])
def test_the_pictures_own_transparency_can_be_left_out(session, network, pixels, job) -> None:
    own = np.tile(np.arange(80, dtype=np.uint8) * 3, (60, 1))
    seen = Picture(pixels, own.astype(np.float32) / np.float32(255)).without_hidden_colours().for_models()
    mask = soft_mask(60, 80)
    options = {"model": str(network)} if job == "cut" else {}
    arrays = {"mask": sent(mask)} if job == "refine" else {}
    asked = {**options, "alpha": "float32", "subject_alone": True}
    answer = session.run(job, asked, {"pixels": sent(np.dstack([pixels, own])), **arrays})
    expected = cut_out(Picture(seen), **options) if job == "cut" else refine_mask(Picture(seen), mask)
    np.testing.assert_array_equal(received(answer.arrays["alpha"]), expected.alpha)


@pytest.mark.torch
def test_models_tells_what_keeps_words_and_clicks_from_working(session) -> None:
    told = session.run("models").header
    for name, error in [("no_sam2", why_no_segmenter()), ("no_detector", why_no_detector())]:
        assert told[name] == (None if error is None else error.to_json())


NO_PICTURE = sent(np.zeros((20, 20), np.uint8))
SMALL = sent(np.zeros((20, 20, 3), np.uint8))


@pytest.mark.parametrize(
    ("job", "options", "arrays", "kind", "told"),
    [
        ("paint", {}, {}, "BadJob", "one of cut, refine, models, open, close, detect, mask, preview, but got 'paint'"),
        (None, {}, {}, "BadJob", "job must be one of"),
        ("cut", [], {"pixels": SMALL}, "BadJob", "must be an object"),
        ("cut", {}, {}, "BadJob", 'no array "pixels"'),
        ("cut", {}, {"pixels": NO_PICTURE}, "BadJob", r"\(H, W, 4\), but got \(20, 20\)"),
        ("cut", {}, {"pixels": sent(np.zeros((20, 20, 2), np.uint8))}, "BadJob", r"\(H, W, 3\) or"),
        ("cut", {}, {"pixels": sent(np.zeros((20, 20, 3), np.float32))}, "BadJob", "uint8 or uint16, but got float32"),
        ("cut", {}, {"pixels": SMALL, "masque": NO_PICTURE}, "BadJob", "unknown arrays: 'masque'"),
        ("cut", {"modell": "u2net"}, {"pixels": SMALL}, "BadJob", "unknown options: 'modell'"),
        ("cut", {"mask": "u2net"}, {"pixels": SMALL}, "BadJob", "unknown options: 'mask'"),
        ("cut", {"model": 3}, {"pixels": SMALL}, "BadOption", "model must be a name or a path, but got 3"),
        ("cut", {"box": [1, 2, 3]}, {"pixels": SMALL}, "BadBox", "box must be four numbers"),
        ("cut", {"box": [1, 2, 3, "4"]}, {"pixels": SMALL}, "BadBox", "box must be four numbers"),
        ("cut", {"box": [1, 2, 3, 10**400]}, {"pixels": SMALL}, "BadBox", "box must be four numbers"),
        ("cut", {"points": [[1]]}, {"pixels": SMALL}, "BadPoint", "points must be"),
        ("cut", {"points": {"x": 1}}, {"pixels": SMALL}, "BadPoint", "points must be"),
        ("cut", {"band": [1.5, 2]}, {"pixels": SMALL}, "BadOption", "band must be two whole numbers"),
        ("cut", {"alpha": "float64"}, {"pixels": SMALL}, "BadJob", "but got 'float64'"),
        ("cut", {"colours": 1}, {"pixels": SMALL}, "BadJob", "true or false"),
        ("cut", {"matting": "magic"}, {"pixels": SMALL}, "BadOption", "matting must be one of .* but got 'magic'"),
        ("cut", {"objects": "each", "text": "a"}, {"pixels": SMALL}, "BadOption", "one cut-out"),
        ("cut", {"box_threshold": True}, {"pixels": SMALL}, "BadOption", "a number from 0 to 1, but got True"),
        ("cut", {"threads": 1.5}, {"pixels": SMALL}, "BadOption", "a whole number"),
        ("refine", {}, {"pixels": SMALL}, "BadJob", 'no array "mask"'),
        ("cut", {"box": [1, 2, 3, 4]}, {"pixels": SMALL, "selection": NO_PICTURE}, "BadOption", "must stand alone"),
        ("cut", {"text": "a"}, {"pixels": SMALL, "selection": NO_PICTURE}, "BadOption", "Words and a selection"),
        ("models", {"all": True}, {}, "BadJob", "unknown options"),
    ],
)  # fmt: skip
def test_a_bad_job_is_told_what_is_wrong(session, job, options, arrays, kind, told) -> None:
    header = {"kind": "job", "id": 999, "job": job, "options": options}
    session.send(Message(header, arrays))
    answer = session.receive().header
    assert (answer["kind"], answer["type"], answer["id"]) == ("error", kind, 999)
    assert re.search(told, answer["what"])
    assert session.run("ping").header["pid"] == session.welcome.pid


@pytest.mark.parametrize(
    ("job", "options", "arrays", "kind", "exit_code"),
    [
        ("cut", {"model": "no-such-model"}, {"pixels": SMALL}, "UnknownModel", 2),
        ("cut", {"model": "/no/such/file.onnx"}, {"pixels": SMALL}, None, None),
        pytest.param("cut", {"engine": "steam"}, {"pixels": SMALL}, "BadOption", 2, marks=pytest.mark.weights),
        ("cut", {"text": "cat", "box": [1, 2, 3, 4]}, {"pixels": SMALL}, "BadOption", 2),
        ("cut", {"text": "..."}, {"pixels": SMALL}, "BadPhrases", 2),
        ("cut", {}, {"pixels": sent(np.zeros((3, 20, 3), np.uint8))}, "PictureTooSmall", 1),
        ("cut", {}, {"pixels": SMALL, "selection": NO_PICTURE}, "BadArray", 2),
        ("cut", {}, {"pixels": SMALL, "selection": sent(np.ones((9, 20), np.uint8))}, "BadArray", 2),
        ("refine", {}, {"pixels": SMALL, "mask": sent(np.zeros((9, 20), np.uint8))}, "BadArray", 2),
        ("refine", {}, {"pixels": SMALL, "mask": sent(np.full((20, 20), 2, np.float32))}, "BadArray", 2),
        ("refine", {"band": [-1, 2]}, {"pixels": SMALL, "mask": NO_PICTURE}, "BadOption", 2),
    ],
)
def test_what_the_engine_refuses_is_told_in_its_words(session, job, options, arrays, kind, exit_code) -> None:
    with pytest.raises(JobFailed) as caught:
        session.run(job, options, arrays)
    assert caught.value.what
    if kind is not None:
        assert (caught.value.type, caught.value.exit_code) == (kind, exit_code)


def test_nothing_found_has_its_own_type(session, tiny_network) -> None:
    blind = tiny_network(64, sigmoid=False)
    with pytest.raises(JobFailed) as caught:
        session.run("cut", {"model": str(blind)}, {"pixels": sent(np.full((40, 40, 3), 124, np.uint8))})
    assert (caught.value.type, caught.value.exit_code) == ("SubjectNotFound", 4)
    assert caught.value.what.startswith("Nothing was found in the picture: ")
    assert caught.value.remedy


@pytest.mark.slow
@pytest.mark.weights
def test_a_photograph_is_cut_as_the_command_line_cuts_it(session, isnet_weights, photo, tmp_path) -> None:
    from cutsmith.picture import write_mask

    chelsea = photo("chelsea")
    answer = session.run("cut", {}, {"pixels": sent(chelsea)})
    written = np.asarray(Image.open(write_mask(cut_out(Picture(chelsea)).alpha, tmp_path / "mask.png")))
    np.testing.assert_array_equal(received(answer.arrays["alpha"]), written)
