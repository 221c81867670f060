"""A picture uploaded once, then clicks on it."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest

from cutsmith.service.failures import NotFound
from cutsmith.service.sessions import Sessions
from tests.core.service.conftest import RED, opened, png, red_picture

PIXELS = 50_000_000


def opened_session(client, photo_bytes) -> str:
    answer = client.post("/v1/sessions", files={"image": ("a.png", photo_bytes)})
    assert answer.status_code == 201, answer.text
    return answer.json()["session"]


def test_a_session_tells_its_picture_and_is_found_again(client, photo_bytes) -> None:
    session = opened_session(client, photo_bytes)
    told = client.get(f"/v1/sessions/{session}").json()
    assert told == {"session": session, "width": 160, "height": 120, "expires_in": 900.0, "has_sam2": False}


def test_the_operators_own_sam_2_counts(service_client, photo_bytes, tiny_sam2) -> None:
    client = service_client(runtime={"segmenter": str(tiny_sam2)})
    assert client.get(f"/v1/sessions/{opened_session(client, photo_bytes)}").json()["has_sam2"]
    assert client.get("/v1/models").json()["no_sam2"] is None


def test_the_mask_in_a_box_is_a_gray_picture_of_the_pictures_size(client, photo_bytes) -> None:
    session = opened_session(client, photo_bytes)
    answer = client.post(f"/v1/sessions/{session}/mask", json={"box": [30, 20, 120, 100]})
    assert answer.status_code == 200, answer.text
    mask = opened(answer.content)
    assert (mask.mode, mask.size) == ("L", (160, 120))
    assert np.asarray(mask)[RED].mean() > 200


def test_a_mask_for_the_eye_is_no_longer_than_it_must_be(client, photo_bytes) -> None:
    session = opened_session(client, photo_bytes)
    for longest, size in ((80, (80, 60)), ("100", (100, 75)), (5000, (160, 120))):
        answer = client.post(f"/v1/sessions/{session}/mask", json={"box": [30, 20, 120, 100], "longest": longest})
        assert opened(answer.content).size == size
    small = np.asarray(opened(client.post(
        f"/v1/sessions/{session}/mask", json={"box": [30, 20, 120, 100], "longest": 80}).content))  # fmt: skip
    assert small[16:44, 21:54].min() > 200
    for wrong in (0, 15, "many", -3, 99999, 2.5, True):
        answer = client.post(f"/v1/sessions/{session}/mask", json={"box": [30, 20, 120, 100], "longest": wrong})
        assert answer.status_code == 400
        assert answer.json()["error"]["option"] == "longest"


def test_clicks_are_answered_by_sam_2_and_a_further_one_encodes_nothing(
    service_client, photo_bytes, tiny_sam2, monkeypatch
) -> None:
    from cutsmith.segmentation.sam2 import Sam2Segmenter

    client = service_client(runtime={"segmenter": str(tiny_sam2)})
    encoded = []
    encode = Sam2Segmenter._encode
    monkeypatch.setattr(Sam2Segmenter, "_encode", lambda self, pixels: encoded.append(1) or encode(self, pixels))
    session = opened_session(client, photo_bytes)
    answers = [
        client.post(f"/v1/sessions/{session}/mask", json={"points": points})
        for points in ([[60, 60, 1]], [[60, 60, 1], [5, 5, 0]], [[20, 20]])
    ]
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {200, 422}, "a network of random weights may find nothing"
    assert 200 in statuses
    assert len(encoded) == 1
    assert all("x-predicted-iou" in answer.headers for answer in answers if answer.status_code == 200)


@pytest.mark.torch
def test_without_sam_2_a_click_says_what_to_fetch(client, photo_bytes) -> None:
    session = opened_session(client, photo_bytes)
    answer = client.post(f"/v1/sessions/{session}/mask", json={"points": [[60, 60, 1]]})
    assert answer.status_code == 501
    assert "cutsmith models fetch" in answer.json()["error"]["remedy"]


def test_a_sessions_picture_is_cut_out_as_an_uploaded_one(client, photo_bytes) -> None:
    session = opened_session(client, photo_bytes)
    options = {"matting": "none", "background": "#fff", "format": "png"}
    by_session = client.post(f"/v1/sessions/{session}/cut", json=options)
    assert by_session.content == client.post("/v1/cut", files={"image": ("a.png", photo_bytes)}, data=options).content
    mask = np.zeros((120, 160), np.uint8)
    mask[RED] = 255
    refined = client.post(f"/v1/sessions/{session}/refine", files={"mask": ("m.png", png(mask))})
    assert refined.status_code == 200, refined.text


def test_a_session_that_was_ended_or_never_was_is_not_found(client, photo_bytes) -> None:
    session = opened_session(client, photo_bytes)
    assert client.delete(f"/v1/sessions/{session}").status_code == 204
    for gone in (session, "x", "a" * 22, "..%2f..%2fetc%2fpasswd"):
        assert client.get(f"/v1/sessions/{gone}").status_code == 404
        assert client.post(f"/v1/sessions/{gone}/mask", json={"box": [1, 1, 9, 9]}).status_code == 404
    assert client.delete(f"/v1/sessions/{session}").status_code == 404


@pytest.fixture
def sessions(tmp_path) -> Sessions:
    return Sessions(tmp_path / "sessions", most_bytes=1_000_000, seconds=100)


def test_another_process_finds_a_session_by_its_file(sessions, tmp_path, photo_bytes) -> None:
    session = sessions.open(photo_bytes, PIXELS)
    other = Sessions(tmp_path / "sessions", most_bytes=1_000_000, seconds=100)
    assert (other.find(session.identity, PIXELS).image == session.image).all()
    assert other.forget(session.identity)
    with pytest.raises(NotFound):
        sessions.find(session.identity, PIXELS)


def test_pixels_in_memory_are_capped_and_read_again(sessions) -> None:
    data = png(red_picture(size=(300, 400)))  # 360 KB of pixels
    found = [sessions.open(data, PIXELS) for _ in range(5)]
    assert len(sessions._opened) == 2
    again = sessions.find(found[0].identity, PIXELS)
    assert again is not found[0]
    assert (again.image == found[0].image).all()
    assert len(sessions._opened) == 2


def test_a_session_expires_unless_it_is_used(sessions, tmp_path, photo_bytes) -> None:
    used, left = sessions.open(photo_bytes, PIXELS), sessions.open(photo_bytes, PIXELS)
    folder = tmp_path / "sessions"
    old = time.time() - 99
    for each in (used, left):
        os.utime(folder / each.identity, (old, old))
    sessions.find(used.identity, PIXELS)
    os.utime(folder / left.identity, (old - 2, old - 2))
    left.used -= 101
    sessions.open(photo_bytes, PIXELS)
    assert (folder / used.identity).exists()
    assert not (folder / left.identity).exists()
    with pytest.raises(NotFound):
        sessions.find(left.identity, PIXELS)


def test_a_session_that_has_expired_is_not_found_though_nobody_has_swept(sessions, tmp_path, photo_bytes) -> None:
    session = sessions.open(photo_bytes, PIXELS)
    old = time.time() - 101
    os.utime(tmp_path / "sessions" / session.identity, (old, old))
    with pytest.raises(NotFound):
        sessions.find(session.identity, PIXELS)
    assert not len(sessions._opened)


@pytest.mark.parametrize("is_in_memory", [True, False])
def test_a_session_that_ends_while_it_is_looked_for_stays_ended(
    sessions, tmp_path, photo_bytes, monkeypatch, is_in_memory
) -> None:
    session = sessions.open(photo_bytes, PIXELS)
    if not is_in_memory:
        sessions._opened.close(session.identity)
    path = tmp_path / "sessions" / session.identity
    monkeypatch.setattr(Sessions, "_is_alive", lambda self, path: path.unlink() is None)
    with pytest.raises(NotFound):
        sessions.find(session.identity, PIXELS)
    assert not path.exists()


def test_pictures_of_sessions_that_have_ended_leave_the_disk_though_nobody_comes(service_client, tmp_path) -> None:
    left = tmp_path / "service" / "sessions" / ("a" * 22)
    left.parent.mkdir(parents=True)
    left.write_bytes(b"a picture of a process that has ended")
    os.utime(left, (0, 0))
    service_client()
    end = time.monotonic() + 10
    while left.exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not left.exists()


def test_a_mask_is_one_so_objects_are_never_apart(client, photo_bytes) -> None:
    session = opened_session(client, photo_bytes)
    answer = client.post(f"/v1/sessions/{session}/mask", json={"text": "mug", "objects": "each"})
    assert (answer.status_code, answer.json()["error"]["option"]) == (400, "objects")


def test_the_oldest_sessions_end_where_their_files_take_too_much(tmp_path, photo_bytes) -> None:
    most = 3 * len(photo_bytes)
    sessions = Sessions(tmp_path / "sessions", most_bytes=1_000_000, seconds=100, most_disk_bytes=most)
    found = []
    for age in (50, 30, 40):
        found.append(sessions.open(photo_bytes, PIXELS).identity)
        used = time.time() - age
        os.utime(tmp_path / "sessions" / found[-1], (used, used))
    newest = sessions.open(photo_bytes, PIXELS).identity
    left = {path.name for path in (tmp_path / "sessions").iterdir()}
    assert left == {found[1], found[2], newest}
    with pytest.raises(NotFound):
        sessions.find(found[0], PIXELS)
