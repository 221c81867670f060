"""The declarations themselves: complete, of one mind with their types, and free of everything but Python."""

from __future__ import annotations

import math
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutsmith import options, output
from cutsmith.options import OPTIONS, PARTS, Kind, Option, what_is_wanted
from cutsmith.output import OUTPUT_OPTIONS, Output

ALL = {**OPTIONS, **OUTPUT_OPTIONS}
KINDS = {**PARTS, "output": Output}
NUMBERS = [option for option in ALL.values() if option.kind in ("number", "whole")]


def hints() -> dict[str, object]:
    """The annotation of every option, arrays' included."""
    names = {**vars(options), **vars(output), "np": np, "NDArray": np.ndarray}
    return {name: hint for part in KINDS.values() for name, hint in get_type_hints(part, names).items()}


HINTS = hints()


def choices_of(hint: object) -> tuple[str, ...]:
    """The texts of an annotation such as Literal["a", "b"] | None."""
    literals = [each for each in (hint, *get_args(hint)) if get_origin(each) is Literal]
    return get_args(literals[0]) if literals else ()


@pytest.mark.parametrize("option", ALL.values(), ids=ALL)
def test_a_declaration_is_complete(option: Option) -> None:
    assert option.part in KINDS
    assert option.kind in get_args(Kind)
    assert option.help[0].isupper()
    assert option.help.endswith(".")
    assert ". " not in option.help, "one sentence"
    assert "--" not in option.help, "no door's own words"
    assert getattr(KINDS[option.part](), option.name) == option.default


@pytest.mark.parametrize("option", ALL.values(), ids=ALL)
def test_a_default_is_a_value_that_is_taken(option: Option) -> None:
    assert what_is_wanted(option, option.default) == ""
    assert bool(option.choices) == (option.kind in ("choice", "name", "names"))
    if option.usual is not None:
        least, most = option.usual
        assert least < most
        assert option.least is None or option.least <= least
        assert option.most is None or most <= option.most
    if option.default is None and option.kind not in ("words", "box", "array"):
        assert option.otherwise, "what holds where nothing is given must be said"


@pytest.mark.parametrize("option", ALL.values(), ids=ALL)
def test_choices_and_kinds_are_those_of_the_annotation(option: Option) -> None:
    hint = HINTS[option.name]
    assert choices_of(hint) == (option.choices if option.kind == "choice" else ())
    assert (type(None) in get_args(hint)) == (option.default is None)
    plain = {"flag": bool, "number": float, "whole": int, "model": str, "background": str, "name": str}
    if option.kind in plain:
        assert hint in (plain[option.kind], plain[option.kind] | None)


def test_names_are_each_one_and_in_the_order_of_the_parts() -> None:
    assert list(ALL) == list(HINTS), "and none of an output's is called as one of a request's"
    assert len(ALL) == len(OPTIONS) + len(OUTPUT_OPTIONS)
    assert [option.name for option in OPTIONS.values()] == list(OPTIONS)
    parts = [option.part for option in OPTIONS.values()]
    assert parts == sorted(parts, key=list(PARTS).index)


GOOD = [
    ("matting", "closed-form"),
    ("invert", True),
    ("box_threshold", 0),
    ("box_threshold", 1),
    ("box_threshold", np.float32(0.5)),
    ("box_threshold", np.float64(0.5)),
    ("box_threshold", Fraction(1, 3)),
    ("mask_blur", 1000.5),
    ("mask_offset", -5),
    ("mask_offset", np.int8(-5)),
    ("threads", None),
    ("threads", np.uint64(4)),
    ("max_pixels", 10**14),
    ("band", (0, 3)),
    ("band", [2, np.int32(3)]),
    ("band", None),
    ("model", "u2net"),
    ("model", None),
    ("text", "red mug"),
    ("format", "webp"),
    ("format", None),
    ("quality", 1),
    ("quality", None),
    ("background", "#ffffff"),
    ("name", None),
    ("name", "{stem}"),
    ("name", "{folder}-{stem}.{suffix} ({number})"),
    ("name", "{{{stem}}}"),
    ("name", "no placeholder"),
    ("canvas", "2000x1500"),
    ("canvas", " 2000 X 1500 "),
    ("canvas", None),
    ("margin", "20"),
    ("margin", "2.5%"),
    ("position", "Bottom-Left"),
    ("position", "0%,100%"),
    ("preset", "my own.toml"),
]
BAD = [
    ("matting", "Closed-Form", "one of none, auto, closed-form"),
    ("matting", None, "one of"),
    ("matting", ["none"], "one of"),
    ("matting", np.zeros(2), "one of"),
    ("invert", 1, "true or false"),
    ("invert", "true", "true or false"),
    ("invert", None, "true or false"),
    ("box_threshold", True, "a number from 0 to 1"),
    ("box_threshold", np.True_, "a number from 0 to 1"),
    ("box_threshold", "0.5", "a number from 0 to 1"),
    ("box_threshold", b"0.5", "a number from 0 to 1"),
    ("box_threshold", math.nan, "a number from 0 to 1"),
    ("box_threshold", np.float32("nan"), "a number from 0 to 1"),
    ("box_threshold", -0.01, "a number from 0 to 1"),
    ("box_threshold", 1.01, "a number from 0 to 1"),
    ("box_threshold", 0.5j, "a number from 0 to 1"),
    ("box_threshold", np.array([0.1, 0.2]), "a number from 0 to 1"),
    ("mask_blur", math.inf, "a number, 0 or more"),
    ("mask_blur", 10**400, "a number, 0 or more"),
    ("mask_offset", 1.0, "a whole number"),
    ("mask_offset", np.float64(1), "a whole number"),
    ("mask_offset", 10**400, "a whole number"),
    ("mask_offset", -(10**15), "a whole number"),
    ("threads", 0, "a whole number, 1 or more"),
    ("threads", False, "a whole number, 1 or more"),
    ("threads", "2", "a whole number, 1 or more"),
    ("max_pixels", None, "a whole number, 1 or more"),
    ("band", (1,), "two whole numbers of pixels"),
    ("band", (1, 2, 3), "two whole numbers of pixels"),
    ("band", (1, -1), "two whole numbers of pixels"),
    ("band", (1, 2.0), "two whole numbers of pixels"),
    ("band", (True, 2), "two whole numbers of pixels"),
    ("band", "33", "two whole numbers of pixels"),
    ("band", 3, "two whole numbers of pixels"),
    ("model", "", "a name or a path"),
    ("model", 3, "a name or a path"),
    ("model", Path("u2net.onnx"), "a name or a path"),
    ("format", "jpeg", "one of png, tiff, webp, jpg, avif, bmp"),
    ("quality", 0, "a whole number from 1 to 100"),
    ("quality", 50.0, "a whole number from 1 to 100"),
    ("background", " ", "a colour, a picture, blur or transparent"),
    ("background", None, "a colour, a picture, blur or transparent"),
    ("name", "", "a file's name without a slash"),
    ("name", 3, "a file's name without a slash"),
    ("name", "a/b", "a file's name without a slash"),
    ("name", "{stem", "a file's name without a slash"),
    ("name", "{stem.__class__}", "a file's name without a slash, in which {stem}, {suffix}, {folder}, {number}"),
    ("name", "{stem!r}", "a file's name without a slash"),
    ("name", "{number:04}", "a file's name without a slash"),
    ("canvas", "2000", "a width and a height in pixels"),
    ("canvas", "2000x", "a width and a height in pixels"),
    ("canvas", "0x9", "a width and a height in pixels"),
    ("canvas", 2000, "a width and a height in pixels"),
    ("margin", "-5", "a number of pixels or of percent"),
    ("margin", 5, "a number of pixels or of percent"),
    ("position", "middle", "centre, top, bottom"),
    ("position", "101%,0%", "centre, top, bottom"),
    ("preset", " ", "the name of a preset"),
]


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_good_values_want_nothing(name, value) -> None:
    assert what_is_wanted(ALL[name], value) == ""


@pytest.mark.parametrize(("name", "value", "wanted"), BAD)
def test_bad_values_are_told_what_is_wanted(name, value, wanted) -> None:
    assert what_is_wanted(ALL[name], value).startswith(wanted)


@given(st.sampled_from(NUMBERS), st.one_of(st.integers(), st.floats()))
def test_a_number_is_taken_exactly_within_its_limits(option: Option, value) -> None:
    is_of_its_kind = isinstance(value, int) or option.kind == "number"
    is_within = (option.least is None or value >= option.least) and (option.most is None or value <= option.most)
    is_taken = is_of_its_kind and is_within and abs(value) < 1e15
    assert (what_is_wanted(option, value) == "") == is_taken


ALONE = """
import sys, time
from pathlib import Path

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in sys.stdlib_module_names:
            raise ImportError(f"{name} is not Python's own")

sys.meta_path.insert(0, Blocked())
source = Path(sys.argv[1]).read_text("utf-8")
start = time.process_time()
import types
module = sys.modules["options"] = types.ModuleType("options")
exec(compile(source, "options.py", "exec"), vars(module))
print(time.process_time() - start)
print(len(module.OPTIONS))
"""


@pytest.mark.alone
def test_it_needs_the_standard_library_alone_and_little_time() -> None:
    # As beside GIMP's plug-in, where there is no package `cutsmith`.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", ALONE, options.__file__], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    seconds, count = done.stdout.split()
    assert float(seconds) < 0.5
    assert int(count) == len(OPTIONS)
