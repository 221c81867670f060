"""JSON is JSON in every encoding that standard output may have."""

import io
import json
import sys

import pytest

from cutsmith.cli.json_output import echo_json
from cutsmith.cli.standard_streams import prepare_standard_streams

NAMES = ["caf\u00e9 \U0001f600.jpg", "\u5199\u771f.png", "\udce9 not UTF-8.jpg", "plain.jpg"]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "cp932", "ascii", "latin-1", "utf-16", "cp437", "UTF8"])
def test_names_of_every_kind_come_back(monkeypatch, encoding):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    prepare_standard_streams()
    for name in NAMES:
        echo_json({"input": name})
    sys.stdout.flush()
    lines = raw.getvalue().decode(encoding).splitlines()
    assert [json.loads(line)["input"] for line in lines] == NAMES


def test_letters_stay_letters_where_the_stream_has_them(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="utf-8"))
    echo_json({"input": "café"}, indent=2)
    sys.stdout.flush()
    assert "café" in raw.getvalue().decode()


def test_a_stream_without_an_encoding_gets_plain_letters(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    echo_json({"input": "café"})
    assert json.loads(stream.getvalue()) == {"input": "café"}
    assert stream.getvalue().isascii()


def test_numbers_that_are_none_become_null(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    echo_json({"score": float("nan"), "box": [1.0, float("inf")], "parts": ({"a": float("-inf")},)})
    assert json.loads(stream.getvalue(), parse_constant=pytest.fail) == {
        "score": None,
        "box": [1.0, None],
        "parts": [{"a": None}],
    }
