"""/api/remove as rembg's own server has it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cutsmith.service.fetching import in_threads
from cutsmith.service.forms import Fields
from cutsmith.service.rembg_dialect import trimap_of
from cutsmith.service.rembg_fields import Wanted, wanted_of
from tests.core.service.conftest import RED, opened

ADDRESS = "/api/remove"


@pytest.fixture
def remove(client, photo_bytes):
    """Sends the red picture with fields; -> the samples of the answer."""

    def send(query: str = "", **fields: str) -> np.ndarray:
        answer = client.post(ADDRESS + query, files={"file": ("photo.png", photo_bytes)}, data=fields)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["x-quality-verdict"] == "accept"
        return np.asarray(opened(answer.content)).astype(int)

    return send


def test_without_fields_the_mask_itself_is_the_alpha(remove) -> None:
    cut = remove()
    assert cut.shape == (120, 160, 4)
    assert cut[RED][..., 3].mean() > 250
    assert len(np.unique(cut[..., 3])) > 10, "the network's mask is small, and soft once it is enlarged"
    assert (cut[cut[..., 3] == 0] == 0).all()


def test_matting_sharpens_the_edge(remove) -> None:
    alpha = remove(a="true")[..., 3]
    right = np.zeros((120, 160), int)
    right[RED] = 255
    assert np.abs(alpha - right).mean() < 1
    assert np.abs(alpha - right).mean() < np.abs(remove()[..., 3] - right).mean()


@pytest.mark.parametrize("yes", ["true", "1", "on", "True"])
def test_the_mask_alone_is_gray(remove, yes) -> None:
    assert (remove(om=yes) == remove()[..., 3]).all()


def test_a_mask_may_be_made_hard(remove) -> None:
    assert set(np.unique(remove(ppm="true")[..., 3])) == {0, 255}


def test_a_colour_lies_behind_the_subject(remove) -> None:
    assert remove(bgc="0,255,0,255")[5, 5, :3].tolist() == [0, 255, 0]
    assert remove("?bgc=0,255,0,128")[5, 5].tolist() == [0, 255, 0, 128]
    assert np.abs(remove(bgc="0,255,0,255")[60, 75, :3] - (220, 30, 20)).max() <= 1


def test_edges_are_cleaned_where_that_is_asked_for(remove) -> None:
    edge = (slice(60, 61), slice(38, 44))
    assert (
        np.abs(remove(dc="true")[edge][..., :3] - (220, 30, 20)).max()
        < np.abs(remove()[edge][..., :3] - (220, 30, 20)).max()
    )


def test_a_form_comes_before_the_query(remove) -> None:
    assert remove("?om=true", om="false").ndim == 3
    assert remove("?om=true").ndim == 2


@pytest.mark.parametrize(
    ("fields", "status", "word"),
    [
        ({"model": "bria-rmbg"}, 400, "isnet-general-use"),
        ({"model": "/etc/passwd"}, 400, "none of this service's"),
        ({"model": "u2net"}, 501, "u2net"),
        ({"model": "sam"}, 501, "SAM 2"),
        ({"model": "sam", "extras": '{"sam_prompt": [{"type": "circle", "data": [1]}]}'}, 400, "sam_prompt"),
        ({"model": "sam", "extras": '{"sam_prompt": "x"}'}, 400, "sam_prompt"),
        ({"extras": '{"sam_prompt": []}'}, 400, "sam"),
        ({"extras": '{"model_path": "/etc/passwd"}'}, 400, "sam_prompt"),
        ({"extras": "["}, 400, "JSON"),
        ({"a": "perhaps"}, 400, "true or false"),
        ({"af": "256"}, 400, "255"),
        ({"ab": "-1"}, 400, "255"),
        ({"ae": "1.5"}, 400, "whole"),
        ({"bgc": "red"}, 400, "0-255"),
        ({"bgc": "1,2,3,256"}, 400, "0-255"),
        ({"bgc": "1,2"}, 400, "0-255"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(client, photo_bytes, fields, status, word) -> None:
    answer = client.post(ADDRESS, files={"file": photo_bytes}, data=fields)
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"detail"}
    assert word in answer.json()["detail"]
    assert str(Path.home()) not in answer.json()["detail"], "where weights are looked for is the operator's business"


def test_failures_are_told_in_rembgs_form(client, photo_bytes) -> None:
    assert "file" in client.post(ADDRESS, files={"other": photo_bytes}).json()["detail"]
    assert client.post(ADDRESS, files={"file": b"text"}).status_code == 400
    assert client.get(ADDRESS).json()["detail"].startswith("There is no picture")
    off = client.get(ADDRESS, params={"url": "https://a.example/x.png"})
    assert (off.status_code, list(off.json())) == (501, ["detail"])
    assert list(client.put(ADDRESS).json()) == ["detail"]


def test_a_picture_comes_from_an_address_where_the_operator_allows_it(service_client, photo_bytes, monkeypatch):
    async def fetched(address: str, **more: object) -> SimpleNamespace:
        return SimpleNamespace(data=photo_bytes)

    monkeypatch.setattr(in_threads, "fetch_in_thread", fetched)
    answer = service_client(allow_url=True).get(ADDRESS, params={"url": "https://a.example/x.png", "om": "true"})
    assert answer.status_code == 200, answer.text
    assert opened(answer.content).mode == "L"


def test_sam_prompts_become_points_and_a_box(service_client, client) -> None:
    service = client.app.state.service
    prompt = [
        {"type": "point", "data": [10, 20.5], "label": 1},
        {"type": "point", "data": [30, 40], "label": 0},
        {"type": "rectangle", "data": [1, 2, 3, 4], "label": 2},
    ]
    fields = Fields({"model": "sam", "extras": json.dumps({"sam_prompt": prompt})})
    assert wanted_of(fields, service.defaults).options == {
        "points": ((10, 20.5, 1), (30, 40, 0)),
        "box": (1, 2, 3, 4),
    }


def test_sam_cuts_out_what_is_pointed_at(service_client, photo_bytes, tiny_sam2) -> None:
    client = service_client(runtime={"segmenter": str(tiny_sam2)})
    answer = client.post(ADDRESS, files={"file": photo_bytes}, data={"model": "sam", "om": "true"})
    assert answer.status_code in (200, 422), answer.text  # random weights may see nothing


def test_the_operators_own_model_may_be_named(service_client, red_network, photo_bytes) -> None:
    answer = service_client().post(ADDRESS, files={"file": photo_bytes}, data={"model": str(red_network)})
    assert answer.status_code == 200


@pytest.mark.parametrize(("erode", "inside"), [(0, 10), (3, 8), (5, 6)])
def test_a_trimap_erodes_what_is_sure(erode, inside) -> None:
    mask = np.zeros((30, 30), np.float32)
    mask[10:20, 10:20] = 1
    wanted = Wanted({}, True, 240, 10, erode, False, False, False, False, None)
    trimap = trimap_of(mask, wanted)
    assert (trimap == 255).sum() == inside**2
    assert trimap[0, 0] == 0, "the picture's edge erodes nothing of what is outside"
    assert (trimap == 128).any() == (erode > 0)
