"""/v1/cut, /v1/refine and /v1/detections: the engine's whole request, and its answers in every form."""

from __future__ import annotations

import base64
import email
import io
import json
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image, ImageCms

from cutsmith import Request, cut_out
from tests.core.service.conftest import RED, opened, png, red_picture


def sent(photo_bytes: bytes) -> dict[str, tuple[str, bytes]]:
    return {"image": ("photo.png", photo_bytes)}


def test_a_picture_comes_back_as_the_engine_cuts_it_out(client, photo_bytes, red_network) -> None:
    answer = client.post("/v1/cut", files=sent(photo_bytes))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert answer.content == cut_out(photo_bytes, model=str(red_network)).as_picture().encode(".png")


def test_the_quality_is_in_headers(client, service_client, photo_bytes) -> None:
    answer = client.post("/v1/cut", files=sent(photo_bytes))
    assert answer.headers["x-uncertainty-score"] == "-1", "nothing is known of this network"
    assert answer.headers["x-quality-verdict"] == "accept"
    assert answer.headers["x-quality-reasons"] == ""
    assert "mask;dur=" in answer.headers["server-timing"]


def test_reasons_for_a_review_survive_as_a_header() -> None:
    from cutsmith.result.quality import Quality
    from cutsmith.service.answers import quality_headers

    headers = quality_headers(Quality(0.25, "review", ("Größe: 5 % fehlt.", "Look\r\nat it.")))
    assert headers["X-Uncertainty-Score"] == "0.2500"
    assert headers["X-Quality-Verdict"] == "review"
    assert headers["X-Quality-Reasons"].isascii()
    assert "\n" not in headers["X-Quality-Reasons"]
    assert unquote(headers["X-Quality-Reasons"]) == "Größe: 5 % fehlt. Look\r\nat it."


def test_json_has_the_picture_and_all_that_is_known_of_it(client, photo_bytes) -> None:
    picture = client.post("/v1/cut", files=sent(photo_bytes)).content
    told = client.post("/v1/cut", files=sent(photo_bytes), headers={"Accept": "application/json"}).json()
    assert base64.b64decode(told["result_b64"]) == picture
    assert (told["width"], told["height"], told["media_type"]) == (160, 120, "image/png")
    assert told["quality"] == {"uncertainty": None, "verdict": "accept", "reasons": []}
    assert told["provenance"]["matting"] == "auto"


@pytest.mark.parametrize("form", ["multipart/form-data", "multipart/mixed"])
def test_parts_are_alpha_foreground_and_provenance(client, photo_bytes, form) -> None:
    answer = client.post("/v1/cut", files=sent(photo_bytes), headers={"Accept": form})
    kind = answer.headers["content-type"]
    assert kind.startswith(f"{form}; boundary=")
    message = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + answer.content)
    parts = {part.get_param("name", header="content-disposition"): part for part in message.get_payload()}
    assert list(parts) == ["alpha", "foreground", "provenance"]
    alpha = opened(parts["alpha"].get_payload(decode=True))
    assert (alpha.mode, alpha.size) == ("L", (160, 120))
    assert np.asarray(alpha)[RED].min() > 200
    assert opened(parts["foreground"].get_payload(decode=True)).mode == "RGB"
    assert json.loads(parts["provenance"].get_payload(decode=True))["components"] == 1


@pytest.mark.parametrize(
    ("accept", "fields", "kind"),
    [
        ("image/webp", {}, "WEBP"),
        ("*/*", {"format": "tiff"}, "TIFF"),
        ("image/png", {"format": "webp"}, "WEBP"),
        ("image/jpeg", {"background": "white"}, "JPEG"),
        ("", {"background": "#f00"}, "JPEG"),
        ("text/html, image/avif;q=0.9, */*", {}, "AVIF"),
    ],
)
def test_the_format_is_what_the_field_or_else_the_accept_header_says(client, photo_bytes, accept, fields, kind) -> None:
    answer = client.post("/v1/cut", files=sent(photo_bytes), data=fields, headers={"Accept": accept})
    assert answer.status_code == 200, answer.text
    assert opened(answer.content).format == kind


def test_a_json_body_says_the_same_as_a_form(client, photo_bytes) -> None:
    options = {"box": [30, 20, 120, 100], "segmenter": "subject-in-box", "matting": "none", "mask_offset": 2}
    by_json = client.post("/v1/cut", json={"image": base64.b64encode(photo_bytes).decode(), **options})
    assert by_json.status_code == 200, by_json.text
    as_text = {**options, "box": "30,20,120,100"}
    assert by_json.content == client.post("/v1/cut", files=sent(photo_bytes), data=as_text).content


def test_a_data_uri_is_base64_too(client, photo_bytes) -> None:
    uri = "data:image/png;base64," + base64.encodebytes(photo_bytes).decode()
    assert client.post("/v1/cut", json={"image": uri}).status_code == 200


def test_a_background_picture_covers_the_frame(client, photo_bytes) -> None:
    ground = png(np.full((40, 90, 3), (0, 255, 0), np.uint8))
    answer = client.post("/v1/cut", files={**sent(photo_bytes), "background_image": ("b.png", ground)})
    result = opened(answer.content)
    assert (result.format, result.size) == ("JPEG", (160, 120))
    assert np.asarray(result)[5, 5].tolist() == pytest.approx([0, 255, 0], abs=4)


def test_canvas_and_preset_come_from_the_engine(client, photo_bytes) -> None:
    answer = client.post("/v1/cut", files=sent(photo_bytes), data={"canvas": "300x200", "margin": "10%"})
    assert opened(answer.content).size == (300, 200)
    answer = client.post("/v1/cut", files=sent(photo_bytes), data={"preset": "amazon"})
    assert opened(answer.content).format == "JPEG"
    assert "enlarged" in unquote(answer.headers["x-remarks"])


def test_a_mask_is_refined(client, photo_bytes) -> None:
    mask = np.zeros((120, 160), np.uint8)
    mask[RED] = 255
    files = {**sent(photo_bytes), "mask": ("mask.png", png(mask))}
    answer = client.post("/v1/refine", files=files, data={"matting": "none"})
    assert answer.status_code == 200, answer.text
    assert (np.asarray(opened(answer.content))[..., 3] == mask).all()


def test_a_mask_may_be_a_cut_out_with_transparency(client, photo_bytes) -> None:
    painted = np.zeros((120, 160, 4), np.uint8)
    painted[(*RED, 3)] = 255
    answer = client.post(
        "/v1/refine", files={**sent(photo_bytes), "mask": ("m.png", png(painted))}, data={"matting": "none"}
    )
    assert np.asarray(opened(answer.content))[..., 3][RED].min() == 255


def test_a_missing_mask_is_told(client, photo_bytes) -> None:
    answer = client.post("/v1/refine", files=sent(photo_bytes))
    assert answer.status_code == 400
    assert answer.json()["error"]["option"] == "mask"


def test_a_picture_without_a_subject_is_no_server_error(client) -> None:
    answer = client.post("/v1/cut", files={"image": ("a.png", png(np.full((50, 50, 3), (0, 0, 255), np.uint8)))})
    assert answer.status_code == 422
    assert answer.json()["error"]["type"] == "SubjectNotFound"


@pytest.mark.torch
def test_words_without_a_detector_say_what_to_fetch(client, photo_bytes) -> None:
    answer = client.post("/v1/detections", files=sent(photo_bytes), data={"text": "red box"})
    assert answer.status_code == 501
    assert "cutsmith models fetch" in answer.json()["error"]["remedy"]
    assert "/" not in answer.json()["error"]["remedy"], "the server's folders are nobody's business"


WRONG = {
    "no picture": ({}, {}, 400, "image"),
    "a picture as a text": ({}, {"image": "photo.jpg"}, 400, "image"),
    "an empty picture": ({"image": ("a.png", b"")}, {}, 400, None),
    "no picture at all": ({"image": ("a.png", b"<html>")}, {}, 400, None),
    "an unknown field": (None, {"colour": "red"}, 400, "colour"),
    "a misspelt option": (None, {"box_treshold": "0.3"}, 400, "box_treshold"),
    "a box of three numbers": (None, {"box": "1,2,3"}, 400, "box"),
    "a box that is no box": (None, {"box": "9,9,3,3"}, 400, None),
    "a whole number": (None, {"mask_offset": "1.5"}, 400, "mask_offset"),
    "a truth": (None, {"invert": "perhaps"}, 400, "invert"),
    "a fill as a word": (None, {"fill": "much"}, 400, "fill"),
    "a model's path": (None, {"model": "/etc/passwd"}, 400, "model"),
    "another model's path": (None, {"matting_model": "../weights.pt"}, 400, "matting_model"),
    "a background's path": (None, {"background": "/etc/hostname"}, 400, "background"),
    "a preset's path": (None, {"preset": "own.toml"}, 400, "preset"),
    "the operator's device": (None, {"device": "cpu"}, 400, "device"),
    "the operator's limit": (None, {"max_pixels": "999999999"}, 400, "max_pixels"),
    "objects apart": (None, {"text": "mug", "objects": "each"}, 400, "objects"),
    "transparency in a JPEG": (None, {"format": "jpg"}, 400, None),
    "an address that is not fetched": ({}, {"image_url": "http://example.org/a.jpg"}, 501, None),
}


@pytest.mark.parametrize(("files", "data", "status", "option"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_with_the_field_and_a_remedy(client, photo_bytes, files, data, status, option) -> None:
    answer = client.post("/v1/cut", files=sent(photo_bytes) if files is None else files or None, data=data)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["what"].endswith(".")
    assert not error["what"].startswith("the ")
    assert option is None or error["option"] == option


def test_a_file_named_like_a_colour_is_not_read(client, photo_bytes, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "red").write_bytes(png(np.full((8, 8, 3), (0, 255, 0), np.uint8)))
    answer = client.post("/v1/cut", files=sent(photo_bytes), data={"background": "red", "format": "png"})
    assert tuple(np.asarray(opened(answer.content))[2, 2]) == (255, 0, 0)


def test_the_operators_own_choices_hold_where_a_client_says_nothing(service_client, photo_bytes) -> None:
    small = service_client(max_pixels=1000).post("/v1/cut", files=sent(photo_bytes))
    assert small.status_code == 413
    assert small.json()["error"]["type"] == "PictureTooLarge"
    assert "max_pixels" not in small.text, "the limit is the operator's"
    heavy = service_client(most_bytes=100).post("/v1/cut", files=sent(photo_bytes))
    assert heavy.status_code == 413
    assert heavy.json()["error"]["type"] == "BodyTooLarge"


def test_depth_and_profile_survive(client) -> None:
    import cv2

    deep = red_picture().astype(np.uint16) * 257
    ok, data = cv2.imencode(".png", deep[..., ::-1])
    assert ok
    answer = client.post("/v1/cut", files={"image": ("deep.png", data.tobytes())}, data={"matting": "none"})
    decoded = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert decoded.dtype == np.uint16
    with_profile = io.BytesIO()
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(red_picture()).save(with_profile, "PNG", icc_profile=icc)
    answer = client.post("/v1/cut", files={"image": ("p.png", with_profile.getvalue())})
    assert opened(answer.content).info["icc_profile"] == icc


def test_every_option_that_a_client_may_say_is_an_option_of_the_request() -> None:
    from cutsmith.service import request_fields

    assert {"text", "box", "points", "mask", "matting", "band", "cascade", "model"} <= set(request_fields.CLIENTS)
    assert not {"device", "engine", "threads", "matting_memory", "max_pixels"} & set(request_fields.CLIENTS)
    assert all(Request().value(name) is not NotImplemented for name in request_fields.CLIENTS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("points", [[1, 1]] * 1001),
        ("text", "mug. " * 3000),
        ("text", ["mug"] * 1001),
        ("mask_blur", 1e9),
        ("mask_blur", 3000),
        ("mask_offset", -3000),
    ],
)
def test_a_small_request_asks_for_no_huge_work(client, photo_bytes, field, value) -> None:
    body = {"image": base64.b64encode(photo_bytes).decode(), field: value}
    answer = client.post("/v1/cut", json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["option"] == field


def test_as_text_too_points_have_a_limit(client, photo_bytes) -> None:
    answer = client.post("/v1/cut", files=sent(photo_bytes), data={"points": "1,1 " * 100_000})
    assert answer.json()["error"]["type"] == "BadForm"


def test_a_packed_plane_is_not_unpacked_beyond_the_limit_of_pixels(client, photo_bytes, monkeypatch) -> None:
    from cutsmith.service import request_fields

    monkeypatch.setattr(request_fields, "from_json", lambda name, value: pytest.fail("it was unpacked"))
    packed = {"dtype": "uint8", "shape": [30_000, 30_000], "zlib": "AAAA"}
    body = {"image": base64.b64encode(photo_bytes).decode(), "trimap": packed}
    answer = client.post("/v1/cut", json=body)
    assert (answer.status_code, answer.json()["error"]["type"]) == (413, "PictureTooLarge")
