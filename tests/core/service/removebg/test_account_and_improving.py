"""GET /v1.0/account and POST /v1.0/improve."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid

import pytest

from cutsmith.service.removebg import improving

ADDRESS = "/v1.0/improve"


def test_an_account_has_plenty_of_credits_that_add_up(client) -> None:
    told = client.get("/v1.0/account").json()["data"]["attributes"]
    credits = told["credits"]
    assert credits["total"] == credits["subscription"] + credits["payg"] + credits["enterprise"] > 0
    assert told["api"]["sizes"] == "all"
    assert isinstance(told["api"]["free_calls"], int)


def test_pictures_are_not_kept_unless_the_operator_asks_for_it(client, photo_bytes) -> None:
    answer = client.post(ADDRESS, files={"image_file": photo_bytes})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (501, "not_offered")


@pytest.mark.parametrize(
    ("given", "name"),
    [("cat.png", "cat.png"), ("../../etc/passwd", "passwd"), ("C:\\photos\\cat.png", "cat.png"), ("", "photo.png")],
)
def test_a_picture_is_kept_whole_beside_what_is_told_of_it(service_client, tmp_path, photo_bytes, given, name) -> None:
    folder = tmp_path / "kept"
    client = service_client(improve_folder=folder)
    fields = {"image_filename": given, "tag": "hair"}
    answer = client.post(ADDRESS, files={"image_file": ("photo.png", photo_bytes)}, data=fields)
    assert answer.status_code == 200, answer.text
    key = answer.json()["id"]
    assert str(uuid.UUID(key)) == key
    assert sorted(each.name for each in folder.iterdir()) == [f"{key}.json", f"{key}.png"]
    assert (folder / f"{key}.png").read_bytes() == photo_bytes
    told = json.loads((folder / f"{key}.json").read_text())
    assert (told["filename"], told["tag"], told["file"]) == (name, "hair", f"{key}.png")
    assert (told["sha256"], told["bytes"]) == (hashlib.sha256(photo_bytes).hexdigest(), len(photo_bytes))
    assert (told["width"], told["height"]) == (160, 120)


def test_base64_is_taken_and_what_is_no_picture_is_not(service_client, tmp_path, photo_bytes) -> None:
    client = service_client(improve_folder=tmp_path / "kept")
    assert client.post(ADDRESS, json={"image_file_b64": base64.b64encode(photo_bytes).decode()}).status_code == 200
    for sent, code in (({"image_file": b"text"}, "invalid_file_type"), ({}, "missing_source")):
        answer = client.post(ADDRESS, files=sent)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)
    assert len(list((tmp_path / "kept").iterdir())) == 2


def test_a_full_folder_takes_no_more(service_client, tmp_path, photo_bytes, monkeypatch) -> None:
    monkeypatch.setattr(improving, "MOST_KEPT", 1)
    client = service_client(improve_folder=tmp_path / "kept")
    assert client.post(ADDRESS, files={"image_file": photo_bytes}).status_code == 200
    answer = client.post(ADDRESS, files={"image_file": photo_bytes})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (429, "rate_limit_exceeded")
    assert len(list((tmp_path / "kept").iterdir())) == 2
