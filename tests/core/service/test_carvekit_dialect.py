"""carvekit's addresses: remove.bg's API elsewhere."""

from __future__ import annotations

from tests.core.service.conftest import opened, png, red_picture


def test_a_picture_is_cut_out_at_its_own_size(client) -> None:
    large = png(red_picture(slice(200, 500), slice(200, 600), (600, 800)))
    answer = client.post("/api/removebg", files={"image_file": large})
    assert answer.status_code == 200, answer.text
    assert opened(answer.content).size == (800, 600)
    assert answer.headers["x-credits-charged"] == "0"
    small = client.post("/api/removebg", files={"image_file": large}, data={"size": "preview"})
    assert opened(small.content).size[0] < 800


def test_failures_have_a_title_in_a_list(client) -> None:
    for answer in (client.post("/api/removebg"), client.get("/api/removebg"), client.get("/api/nothing")):
        assert answer.json()["errors"][0]["title"]


def test_the_account_is_that_of_remove_bgs_api(client) -> None:
    assert client.get("/api/account").json() == client.get("/v1.0/account").json()


def test_the_settings_are_told_nobody(client) -> None:
    answer = client.get("/api/admin/config")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (501, "not_offered")
