"""JSON on standard output, valid in whatever encoding that has."""

from __future__ import annotations

import codecs
import json
import sys
from typing import Any

import click

from cutsmith.result.as_json import without_nan


def echo_json(told: Any, *, indent: int | None = None) -> None:
    """Print `told` as JSON.

    Where standard output does not have UTF-8 (redirected, on Windows), other letters become JSON's own escapes. The
    stream's replacement for letters that it lacks would be Python's, which JSON does not know. Numbers that are none
    (NaN, infinity) become null.
    """
    click.echo(json.dumps(without_nan(told), indent=indent, ensure_ascii=not _is_utf_8(sys.stdout), default=str))


def _is_utf_8(stream: Any) -> bool:
    try:
        return codecs.lookup(stream.encoding).name == "utf-8"
    except (AttributeError, LookupError, TypeError):
        return False
