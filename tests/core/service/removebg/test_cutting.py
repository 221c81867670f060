"""POST /v1.0/removebg: what comes back, its headers, and what is refused."""

from __future__ import annotations

import base64
import io
import zipfile
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cutsmith import Picture, cut_out
from cutsmith.service.fetching import in_threads
from cutsmith.service.fetching.failures import BadWebAddress, FetchTooLarge, NotPublic
from tests.core.service.conftest import RED, opened, png, red_picture

ADDRESS = "/v1.0/removebg"


@pytest.fixture
def ask(client, photo_bytes):
    """Sends the red picture with fields, as a form; fails unless the answer is a 200."""

    def send(headers: dict[str, str] | None = None, files: dict[str, Any] | None = None, **fields: str) -> Any:
        sent = {"image_file": ("photo.png", photo_bytes), **(files or {})}
        answer = client.post(ADDRESS, files=sent, data=fields, headers=headers or {})
        assert answer.status_code == 200, answer.text
        return answer

    return send


@pytest.fixture
def refused(client, photo_bytes):
    """Sends fields, and returns the code of the one error of the answer."""

    def send(status: int = 400, to: Any = client, files: dict[str, Any] | None = None, **more: Any) -> str:
        if "json" not in more:
            more["files"] = {"image_file": ("photo.png", photo_bytes)} if files is None else files
        answer = to.post(ADDRESS, **more)
        assert answer.status_code == status, answer.text
        (error,) = answer.json()["errors"]
        assert set(error) == {"title", "code", "detail"}
        assert error["title"]
        return error["code"]

    return send


def alpha(answer) -> np.ndarray:
    return np.asarray(opened(answer.content).convert("RGBA"))[..., 3]


def box_of(alpha: np.ndarray) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of what can be seen."""
    rows, columns = np.flatnonzero((alpha > 25).any(1)), np.flatnonzero((alpha > 25).any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def test_a_picture_comes_back_as_the_engine_cuts_it_out(ask, photo_bytes, red_network) -> None:
    answer = ask()
    assert answer.headers["content-type"] == "image/png"
    assert answer.content == cut_out(photo_bytes, model=str(red_network)).as_picture().encode(".png")


def test_headers_tell_the_size_the_place_the_type_and_the_quality(ask) -> None:
    headers = ask(type="product").headers
    told = {name: headers[name] for name in headers if name.startswith("x-")}
    expected = {
        "x-width": "160", "x-height": "120", "x-type": "product", "x-credits-charged": "0", "x-foreground-left": "40",
        "x-foreground-top": "30", "x-foreground-width": "70", "x-foreground-height": "60",
        "x-uncertainty-score": "-1", "x-quality-verdict": "accept", "x-quality-reasons": "",
    }  # fmt: skip
    assert expected.items() <= told.items()
    assert not {name for name in told if name.startswith(("x-max", "x-ratelimit"))}
    assert "x-type" not in ask(type_level="none").headers


@pytest.mark.parametrize("kind", ["multipart", "urlencoded", "json"])
def test_each_kind_of_body_gives_the_same_picture(client, ask, photo_bytes, kind) -> None:
    fields = {"image_file_b64": base64.b64encode(photo_bytes).decode(), "crop": "true"}
    if kind == "json":
        answer = client.post(ADDRESS, json={**fields, "crop": True, "bg_color": None})
    elif kind == "urlencoded":
        answer = client.post(ADDRESS, data=fields)
    else:
        answer = client.post(ADDRESS, data={"crop": "true"}, files={"image_file_b64": (None, fields["image_file_b64"])})
    assert answer.status_code == 200, answer.text
    assert answer.content == ask(crop="true").content


def test_base64_may_be_a_data_address_with_line_breaks(client, ask, photo_bytes) -> None:
    text = "data:image/png;base64," + base64.encodebytes(photo_bytes).decode()
    assert client.post(ADDRESS, json={"image_file_b64": text}).content == ask().content


def test_json_holds_the_picture_and_where_the_subject_is(ask) -> None:
    told = ask(headers={"Accept": "application/json"}).json()
    assert base64.b64decode(told["data"].pop("result_b64")) == ask().content
    assert told == {
        "data": {"foreground_top": 30, "foreground_left": 40, "foreground_width": 70, "foreground_height": 60}
    }


@pytest.mark.parametrize(
    ("fields", "size", "box"),
    [
        ({}, (160, 120), (40, 30, 110, 90)),
        ({"crop": "true"}, (70, 60), (0, 0, 70, 60)),
        ({"crop": "false", "crop_margin": "10px"}, (160, 120), (40, 30, 110, 90)),
        ({"crop": "true", "crop_margin": "10px"}, (90, 80), (10, 10, 80, 70)),
        ({"crop": "true", "crop_margin": "10% 20%"}, (98, 72), (14, 6, 84, 66)),
        ({"crop": "true", "crop_margin": "1px 2px 3px 4px"}, (76, 64), (4, 1, 74, 61)),
        ({"scale": "50%"}, (160, 120), (45, 30, 115, 90)),
        ({"scale": "100%"}, (160, 120), (10, 0, 150, 120)),
        ({"scale": "50%", "position": "original"}, (160, 120), (45, 30, 115, 90)),
        ({"scale": "50%", "position": "0% 100%"}, (160, 120), (0, 60, 70, 120)),
        ({"position": "center"}, (160, 120), (45, 30, 115, 90)),
        ({"position": "0%"}, (160, 120), (0, 0, 70, 60)),
        ({"roi": "0% 0% 50% 100%"}, (160, 120), (40, 30, 80, 90)),
        ({"roi": "0 40px 100% 100%", "crop": "true"}, (70, 50), (0, 0, 70, 50)),
    ],
)
def test_the_frame_and_the_subject_are_where_the_fields_say(ask, fields, size, box) -> None:
    answer = ask(**fields)
    assert opened(answer.content).size == size
    assert (answer.headers["x-width"], answer.headers["x-height"]) == tuple(map(str, size))
    assert np.abs(np.array(box_of(alpha(answer))) - box).max() <= 1


def test_outside_the_region_of_interest_there_is_no_subject(client) -> None:
    pixels = red_picture()
    pixels[30:90, 130:150] = pixels[60, 60]
    answer = client.post(ADDRESS, files={"image_file": png(pixels)}, data={"roi": "75% 0% 100% 100%"})
    assert box_of(alpha(answer)) == (130, 30, 150, 90)
    assert alpha(answer)[:, :120].max() == 0


def test_a_preview_is_small_and_tells_how_large_it_could_be(client) -> None:
    pixels = np.kron(red_picture(), np.ones((10, 10, 1), np.uint8))  # 1600 x 1200
    answer = client.post(ADDRESS, files={"image_file": png(pixels)})
    size = opened(answer.content).size
    assert size == (577, 433) or size == (577, 432)
    assert size[0] * size[1] <= 250_000
    assert (answer.headers["x-max-width"], answer.headers["x-max-height"]) == ("1600", "1200")
    # The place is told in pixels of the picture that was sent.
    told = [int(answer.headers[f"x-foreground-{name}"]) for name in ("left", "top", "width", "height")]
    assert np.abs(np.array(told) - (400, 300, 700, 600)).max() <= 4
    whole = client.post(ADDRESS, files={"image_file": png(pixels)}, data={"size": "auto"})
    assert opened(whole.content).size == (1600, 1200)
    assert "x-max-width" not in whole.headers


@pytest.mark.parametrize(
    ("fields", "media_type", "mode"),
    [
        ({}, "image/png", "RGBA"),
        ({"format": "png"}, "image/png", "RGBA"),
        ({"format": "jpg"}, "image/jpeg", "RGB"),
        ({"format": "webp"}, "image/webp", "RGBA"),
        ({"bg_color": "ff0"}, "image/jpeg", "RGB"),
        ({"bg_color": "ff0", "format": "png"}, "image/png", "RGB"),
        ({"bg_color": "ff08"}, "image/png", "RGBA"),
        ({"channels": "alpha"}, "image/png", "L"),
        ({"channels": "alpha", "format": "jpg"}, "image/jpeg", "L"),
    ],
)
def test_the_format_is_the_one_that_was_asked_for_or_fits_the_result(ask, fields, media_type, mode) -> None:
    answer = ask(**fields)
    assert answer.headers["content-type"] == media_type
    assert opened(answer.content).mode == mode


def test_a_picture_that_is_all_subject_is_a_jpeg(client) -> None:
    answer = client.post(ADDRESS, files={"image_file": png(red_picture(slice(None), slice(None)))})
    assert answer.headers["content-type"] == "image/jpeg"


def test_the_alpha_alone_is_that_of_the_picture(ask) -> None:
    assert (np.asarray(opened(ask(channels="alpha").content)) == alpha(ask())).all()


def test_a_zip_holds_colours_and_alpha(ask) -> None:
    answer = ask(format="zip")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["color.jpg", "alpha.png"]
        colours, mask = (opened(archive.read(name)) for name in archive.namelist())
    assert (colours.format, colours.mode, mask.mode) == ("JPEG", "RGB", "L")
    assert (np.asarray(mask) == alpha(ask())).all()
    assert np.abs(np.asarray(colours)[RED].mean((0, 1)) - (220, 30, 20)).max() < 4


@pytest.mark.parametrize(
    ("fields", "behind"),
    [
        ({"bg_color": "00ff00"}, (0, 255, 0)),
        ({"format": "jpg"}, (255, 255, 255)),
        ({"bg_color": "00ff0080", "format": "jpg"}, (127, 255, 127)),
        ({"bg_color": "yellow", "format": "png"}, (255, 255, 0)),
    ],
)
def test_a_colour_lies_behind_the_subject(ask, fields, behind) -> None:
    pixels = np.asarray(opened(ask(**fields).content)).astype(int)
    assert np.abs(pixels[5, 5] - behind).max() <= 3
    assert np.abs(pixels[60, 75] - (220, 30, 20)).max() <= 3


def test_a_colour_may_let_through_what_lies_under_it(ask) -> None:
    pixels = np.asarray(opened(ask(bg_color="00ff0080").content))
    assert pixels[5, 5].tolist() == [0, 255, 0, 128]
    assert pixels[60, 75].tolist() == [220, 30, 20, 255]


def test_a_picture_lies_behind_the_subject_centred_and_covering(ask) -> None:
    behind = np.zeros((100, 400, 3), np.uint8)  # 160 x 120 shows its middle third
    behind[:, 134:266] = (0, 255, 0)
    pixels = np.asarray(opened(ask(files={"bg_image_file": png(behind)}, format="png").content)).astype(int)
    assert np.abs(pixels[5:25, 5:155] - (0, 255, 0)).max() <= 2
    assert np.abs(pixels[60, 75] - (220, 30, 20)).max() <= 2


def test_a_shadow_lies_on_the_ground_and_is_as_dark_as_was_asked_for(ask) -> None:
    plain, soft, dark = (
        np.asarray(opened(ask(bg_color="fff", format="png", **fields).content)).astype(int)
        for fields in ({}, {"shadow_type": "drop"}, {"add_shadow": "true", "shadow_opacity": "100"})
    )
    ground = (slice(90, 94), slice(60, 90))
    assert plain[ground].min() == 255
    assert dark[ground].mean() < soft[ground].mean() < 255
    assert (soft[40:80, 50:100] == plain[40:80, 50:100]).all()


def test_the_type_chooses_the_operators_model(service_client, photo_bytes, red_network, tmp_path) -> None:
    client = service_client(types={"person": str(tmp_path / "missing.onnx")})
    assert client.post(ADDRESS, files={"image_file": photo_bytes}, data={"type": "product"}).status_code == 200
    answer = client.post(ADDRESS, files={"image_file": photo_bytes}, data={"type": "person"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (501, "not_installed")
    assert str(tmp_path) not in answer.text


@pytest.mark.parametrize(
    ("fields", "files", "code"),
    [
        ({}, {}, "missing_source"),
        ({"image_file": "photo.png"}, {}, "missing_source"),
        ({"image_file_b64": "!!!"}, {}, "failed_to_read_image"),
        ({}, {"image_file": ("a.png", b"")}, "failed_to_read_image"),
        ({}, {"image_file": ("a.txt", b"no picture at all")}, "invalid_file_type"),
        ({"image_file_b64": "aGVsbG8="}, {}, "invalid_file_type"),
        ({}, {"image_file": png(red_picture())[:200]}, "failed_to_read_image"),
        ({}, {"image_file": png(np.zeros((1, 1, 3), np.uint8))}, "invalid_dimensions"),
        ({}, {"image_file": png(np.zeros((60, 80, 3), np.uint8))}, "unknown_foreground"),
        ({"image_file_b64": "aGVsbG8="}, {"image_file": b"x"}, "multiple_sources"),
        ({"image_url": "https://a.example/x.jpg"}, {"image_file": b"x"}, "multiple_sources"),
        ({"image_url": "ftp://a.example/x.jpg"}, {}, "invalid_image_url"),
        ({"image_url": "photo.jpg"}, {}, "invalid_image_url"),
        ({"image_url": "https://a.example/x.jpg"}, {}, "failed_image_download"),
    ],
)
def test_a_picture_that_cannot_be_had_is_refused_with_its_code(refused, fields, files, code) -> None:
    assert refused(data=fields, files=files) == code


@pytest.mark.parametrize(
    ("fields", "files", "code"),
    [
        ({"bg_color": "fff", "bg_image_url": "https://a.example/x.jpg"}, {}, "multiple_bg_sources"),
        ({"bg_color": "fff"}, {"bg_image_file": b"x"}, "multiple_bg_sources"),
        ({"bg_image_url": "https://a.example/x.jpg"}, {"bg_image_file": b"x"}, "multiple_bg_sources"),
        ({"bg_image_url": "nowhere"}, {}, "invalid_bg_image_url"),
        ({"bg_image_url": "https://a.example/x.jpg"}, {}, "failed_bg_download"),
        ({"bg_image_file": "photo.png"}, {}, "failed_to_read_image"),
        ({}, {"bg_image_file": b"no picture"}, "invalid_file_type"),
        ({"bg_color": "fff0", "bg_image_url": "nowhere"}, {}, "invalid_bg_image_url"),
        ({"roi": "0 0 161px 10px"}, {}, "roi_exceeds_bounds"),
        ({"roi": "5px 5px 5px 9px"}, {}, "roi_region_empty"),
        ({"roi": "0 0 20px 20px"}, {}, "unknown_foreground"),
        ({"size": "huge"}, {}, "invalid_size"),
        ({"shadow_type": "3D"}, {}, "invalid_shadow_type"),
    ],
)
def test_a_background_or_a_field_that_is_wrong_is_refused_with_its_code(refused, photo_bytes, fields, files, code):
    assert refused(data=fields, files={"image_file": photo_bytes, **files}) == code


def test_a_file_or_a_picture_that_is_too_large_is_refused_with_its_code(refused, service_client, photo_bytes) -> None:
    small = service_client(most_bytes=100, max_pixels=1000)
    assert refused(to=small) == "file_too_large"
    assert refused(to=small, content=b"x" * 2_000_000, headers={"Content-Type": "application/json"}) == "file_too_large"
    assert refused(to=service_client(max_pixels=1000)) == "resolution_too_high"
    much = {"image_file": photo_bytes, "bg_image_file": ("a.png", photo_bytes + b"x" * 100)}
    assert refused(to=service_client(most_bytes=len(photo_bytes)), files=much) == "file_too_large"


def test_other_addresses_methods_and_bodies_are_refused_in_the_apis_form(client, refused) -> None:
    assert client.get("/v1.0/nothing").json()["errors"][0]["code"] == "not_found"
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json()["errors"][0]["code"] == "method_not_allowed"
    assert client.post(ADDRESS).json()["errors"][0]["code"] == "missing_source"
    assert client.post(ADDRESS, content=b"{").json()["errors"][0]["code"] == "missing_source"
    broken = client.post(ADDRESS, content=b"{", headers={"Content-Type": "application/json"})
    assert (broken.status_code, broken.json()["errors"][0]["code"]) == (400, "invalid_request")
    assert client.get(ADDRESS, headers={"Host": "evil.example"}).json()["errors"][0]["code"] == "wrong_host"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadWebAddress("bad"), "invalid_image_url"),
        (NotPublic("not public"), "failed_image_download"),
        (FetchTooLarge("large"), "file_too_large"),
    ],
)
def test_an_address_that_fails_is_told_with_its_code(service_client, refused, monkeypatch, error, code) -> None:
    async def fails(address: str, **more: Any) -> None:
        raise error

    monkeypatch.setattr(in_threads, "fetch_in_thread", fails)
    to = service_client(allow_url=True)
    assert refused(to=to, data={"image_url": "https://a.example/x"}, files={}) == code


def test_pictures_come_from_addresses_where_the_operator_allows_it(service_client, ask, photo_bytes, monkeypatch):
    asked = []

    async def fetched(address: str, *, option: str, **more: Any) -> SimpleNamespace:
        asked.append((option, address))
        return SimpleNamespace(data=photo_bytes)

    monkeypatch.setattr(in_threads, "fetch_in_thread", fetched)
    client = service_client(allow_url=True)
    fields = {"image_url": "https://a.example/x.png", "bg_image_url": "https://b.example/y.png", "format": "png"}
    answer = client.post(ADDRESS, json=fields)
    assert answer.status_code == 200, answer.text
    assert asked == [(name, fields[name]) for name in ("image_url", "bg_image_url")]
    plain = ask(files={"bg_image_file": photo_bytes}, format="png")
    assert answer.content == plain.content


def test_a_picture_with_16_bits_and_a_profile_keeps_them(client) -> None:
    picture = Picture(red_picture().astype(np.uint16) * 257)
    answer = client.post(ADDRESS, files={"image_file": picture.encode(".png")})
    assert Picture.read(answer.content).pixels.dtype == np.uint16


def test_who_has_no_key_or_a_wrong_one_is_told_so_with_403(service_client, photo_bytes, tmp_path) -> None:
    from cutsmith.service.keys import add_key

    key = add_key("shop", tmp_path / "keys.json")
    client = service_client(needs_key=True, keys=tmp_path / "keys.json")
    sent = {"image_file": photo_bytes}
    for headers in ({}, {"X-API-Key": "wrong"}, {"Authorization": "Bearer wrong"}):
        answer = client.post(ADDRESS, files=sent, headers=headers)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "auth_failed")
        assert client.get("/v1.0/account", headers=headers).status_code == 403
    for headers in ({"X-Api-Key": key}, {"Authorization": f"Bearer {key}"}):
        assert client.post(ADDRESS, files=sent, headers=headers).status_code == 200


def test_who_asks_too_often_is_told_when_there_is_more(service_client, photo_bytes) -> None:
    client = service_client(rate="1/minute")
    first = client.post(ADDRESS, files={"image_file": photo_bytes})
    assert (first.status_code, first.headers["x-ratelimit-remaining"]) == (200, "0")
    second = client.post(ADDRESS, files={"image_file": photo_bytes})
    assert (second.status_code, second.json()["errors"][0]["code"]) == (429, "rate_limit_exceeded")
    assert 0 < int(second.headers["retry-after"]) <= 60
    assert (second.headers["x-ratelimit-limit"], second.headers["x-ratelimit-remaining"]) == ("1", "0")
    assert int(second.headers["x-ratelimit-reset"]) > 1_700_000_000


def test_a_bug_is_told_in_the_apis_form_and_without_its_traceback(service_client, photo_bytes, monkeypatch) -> None:
    from cutsmith.service.removebg import cutting

    def fails(*arguments, **more):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(cutting, "answer_of", fails)
    answer = service_client().post(ADDRESS, files={"image_file": photo_bytes})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
