"""A request's fields and files, in all three kinds of body, and what is no form."""

from __future__ import annotations

import json

import pytest

from cutsmith.service.failures import BadForm
from cutsmith.service.forms import MOST_FIELDS, MOST_FILES, Fields, Upload, _fields_of_urlencoded, decoded


def answer_to(client, body: bytes, kind: str | None):
    headers = {} if kind is None else {"Content-Type": kind}
    return client.post("/v1/cut", content=body, headers=headers)


def multipart(*parts: tuple[str, str], end: bool = True) -> bytes:
    pieces = [f"--x\r\nContent-Disposition: form-data; {head}\r\n\r\n{text}\r\n" for head, text in parts]
    return ("".join(pieces) + ("--x--\r\n" if end else "")).encode()


FORM = "multipart/form-data; boundary=x"
DAMAGED = {
    "nothing": (b"", None, 400, "FieldMissing"),
    "no type": (b"abc", None, 415, "WrongMediaType"),
    "another type": (b"abc", "text/plain", 415, "WrongMediaType"),
    "no boundary": (b"abc", "multipart/form-data", 400, "BadForm"),
    "another boundary": (multipart(('name="a"', "1")), "multipart/form-data; boundary=y", 400, None),
    "no name": (multipart(("", "1")), FORM, 400, "BadForm"),
    "cut off": (multipart(('name="matting"', "none"), end=False)[:40], FORM, 400, None),
    "cut off between parts": (multipart(('name="matting"', "none"), end=False) + b"--x\r\n", FORM, 400, "BadForm"),
    "a charset that is slow": (multipart(('name="matting"', "a" * 9)), f"{FORM}; charset=punycode", 400, "BadForm"),
    "a charset that is none": (multipart(('name="matting"', "a" * 9)), f'{FORM}; charset="x"', 400, "BadForm"),
    "a name twice": (multipart(('name="matting"', "none"), ('name="matting"', "auto")), FORM, 400, "BadForm"),
    "a file and a text": (multipart(('name="a"; filename="f"', "1"), ('name="a"', "1")), FORM, 400, "BadForm"),
    "many fields": (multipart(*[(f'name="f{n}"', "1") for n in range(MOST_FIELDS + 1)]), FORM, 400, "BadForm"),
    "many files": (
        multipart(*[(f'name="f{n}"; filename="f"', "1") for n in range(MOST_FILES + 1)]), FORM, 400, "BadForm",
    ),
    "no JSON": (b"{", "application/json", 400, "BadForm"),
    "JSON that is no object": (b"[1]", "application/json", 400, "BadForm"),
    "JSON that is no number": (b'{"fill": NaN}', "application/json", 400, "BadForm"),
    "JSON that is nested": (b"[" * 200_000, "application/json", 400, "BadForm"),
    "JSON of many values": (b'{"points": [' + b"[]," * 200_000 + b"[]]}", "application/json", 400, "BadForm"),
    "JSON that is no UTF-8": (b'{"a": "\xff"}', "application/json", 400, "BadForm"),
    "a name that no text may have": (b'{"\\ud800": 1}', "application/json", 400, "BadForm"),
    "a number of many digits": (b'{"fill": ' + b"9" * 10_000 + b"}", "application/json", 400, "BadForm"),
    "Base64 that is none": (b'{"image": "%%%"}', "application/json", 400, "BadForm"),
    "a picture that is a number": (b'{"image": 3}', "application/json", 400, "BadForm"),
    "many escapes": (b"text=" + b"%41" * 2_100_000, "application/x-www-form-urlencoded", 400, "BadForm"),
    "many urlencoded fields": (b"&".join(b"f%d=1" % n for n in range(MOST_FIELDS + 1)),
                               "application/x-www-form-urlencoded", 400, "BadForm"),
    "an urlencoded name twice": (b"a=1&b=2&a=3", "application/x-www-form-urlencoded", 400, "BadForm"),
    "fields of an urlencoded form": (b"matting=none", "application/x-www-form-urlencoded", 400, "FieldMissing"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "kind", "status", "error"), DAMAGED.values(), ids=DAMAGED)
def test_what_is_no_form_is_told(client, body, kind, status, error) -> None:
    answer = answer_to(client, body, kind)
    assert answer.status_code == status, answer.text
    told = answer.json()["error"]
    assert error is None or told["type"] == error
    assert told["what"].endswith(".")


@pytest.mark.parametrize("size", range(190, 230))
def test_the_end_of_a_form_is_seen_however_its_pieces_fall(client, size) -> None:
    whole = multipart(('name="matting"', "a" * 500))
    pieces = (whole[start : start + size] for start in range(0, len(whole), size))
    answer = client.post("/v1/cut", content=pieces, headers={"Content-Type": f"{FORM}; charset=UTF-8"})
    assert answer.json()["error"]["type"] == "FieldMissing"


def test_values_of_json_are_given_as_texts_where_texts_are_wanted() -> None:
    fields = Fields({"a": 3, "b": True, "c": " x ", "d": None, "e": [1]}, is_json=True)
    assert [fields.text(name, "?") for name in ("a", "b", "c", "d", "f")] == ["3", "true", "x", "?", "?"]
    with pytest.raises(BadForm, match="e must be a text"):
        fields.text("e")


def test_a_file_where_a_text_belongs_is_refused() -> None:
    with pytest.raises(BadForm, match="must be a text, but is a file"):
        Fields(files={"a": Upload("x", b"")}).text("a")


def test_base64_may_have_line_breaks_and_be_a_data_uri() -> None:
    assert decoded("a", "YW\nJj\r\n") == b"abc"
    assert decoded("a", "data:image/png;base64,YWJj") == b"abc"
    with pytest.raises(BadForm):
        decoded("a", "YWJ")


def test_a_name_that_is_no_ascii_is_told_and_not_crashed_on(client) -> None:
    answer = client.post("/v1/cut", content=json.dumps({"höhe": 1}), headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert "höhe" in answer.json()["error"]["what"]


def test_an_urlencoded_form_is_decoded_as_browsers_write_it() -> None:
    fields = _fields_of_urlencoded(b"text=red+mug%2C+%C3%A4&empty=&alone", 100)
    assert fields.values == {"text": "red mug, ä", "empty": "", "alone": ""}
