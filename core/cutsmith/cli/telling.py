"""How the command line words errors and warnings: options as flags, and what mends a failure as it can be typed."""

from __future__ import annotations

import shlex
import subprocess
import sys

import click

from cutsmith.cli.request_options import flag
from cutsmith.cures import Cure
from cutsmith.errors import CutsmithError, Notice, must_be
from cutsmith.options import OPTIONS

# Flags that are not made from the declaration of an option.
_FLAGS = {"output": "-o", "source": "--from", "as_json": "--json"}
# What only somebody who calls the engine from Python can give.
_WITHOUT_FLAG = {
    **{name: f"the {name}" for name, option in OPTIONS.items() if option.kind == "array"},
    "image": "the picture",
    "subject_alone": "whether the picture's own transparency is left out",
}
# What pip's extra leaves out: this package asks by name for an OpenCV that breaks the one that is there.
_BESIDE_THE_EXTRA = {"groundingdino": "groundingdino-py"}
_WHY_RUN = {("models", "list"): "All models", ("doctor",): "What is installed"}
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.,:/\\=+@%")
_LIVE_IN_DOUBLE_QUOTES = frozenset('"$`\\!')


def print_error(error: CutsmithError, about: str = "") -> None:
    """Tell `error` on standard error: what happened, then what to do."""
    prefix = f"cutsmith: {about}: " if about else "cutsmith: "
    click.secho(prefix, fg="red", nl=False, err=True)
    click.echo(what_of(error), err=True)
    if remedy := remedy_of(error):
        click.echo(f"  {remedy}", err=True)


def print_warning(warning: str, about: str = "") -> None:
    """Tell a warning on standard error; one with cures (a Notice) in the command line's words."""
    click.secho(f"cutsmith: {about}: warning: " if about else "cutsmith: warning: ", fg="yellow", nl=False, err=True)
    click.echo(warning_of(warning), err=True)


def what_of(error: CutsmithError) -> str:
    """What is wrong, the option as its flag."""
    if not error.is_about_a_value:
        return error.what
    told = must_be(_named(error.option), error.wanted, _as_typed(error.found))
    return told if told.startswith("-") else told[:1].upper() + told[1:]


def remedy_of(error: CutsmithError) -> str:
    """How to mend it, a line a cure; "" where nothing is known."""
    return "\n  ".join(line for cure in error.cures for line in _lines(cure))


def warning_of(warning: str) -> str:
    """A warning on one line: what is the case, and what can be done about it."""
    if not isinstance(warning, Notice):
        return warning
    # Of a cure with several ways the first.
    return " ".join([warning.what, *(lines[0] for cure in warning.cures if (lines := _lines(cure)))])


def _lines(cure: Cure) -> list[str]:
    """What the user can do, in lines; none where the command line cannot do it."""
    lead = f"{cure.text}: " if cure.text else ""
    match cure.action:
        case "advise":
            return cure.text.split("\n  ")
        case "fetch":
            return [f"{lead or 'Fetch them: '}cutsmith {_fetching(cure)}"]
        case "install_extra":
            (extra,) = cure.names
            beside = _BESIDE_THE_EXTRA.get(extra)
            return [
                f'{lead}pip install "cutsmith[{extra}]"',
                *([f"And then: pip install --no-deps {beside}"] if beside else []),
                f"In a clone: python3 install.py demo --with {extra}",
            ]
        case "install_packages":
            return [f"{lead}{as_typed(sys.executable, '-m', 'pip', 'install', *cure.names)}"]
        case "run":
            why = f"{_WHY_RUN[cure.names]}: " if not lead and cure.names in _WHY_RUN else lead
            return [f"{why}cutsmith {' '.join(map(_quoted, cure.names))}"]
    if cure.option in _WITHOUT_FLAG:
        return []
    named = _named(cure.option)
    match cure.action:
        case "set":
            return [f"{lead or 'Use '}{_given(cure)}"]
        case "give":
            return [f"{lead or 'Example: '}{_given(cure)}"]
        case "leave_out":
            return [f"{lead}leave {named} out" if lead else f"Leave {named} out."]
        case "lower":
            return [f"{lead}lower {named}" if lead else f"Lower {named}."]


def _fetching(cure: Cure) -> str:
    """The arguments that fetch a model; rembg fetches its own models, before a cut."""
    accept = " --accept-licence" if cure.accepts_licence else ""
    if cure.names[0].startswith("rembg:"):
        return f"cut PICTURE --model {cure.names[0]} --yes{accept}"
    return f"models fetch {cure.names[0]}{accept}{f' --from {_quoted(cure.value)}' if cure.value else ''}"


def _named(option: str) -> str:
    """`option` as its flag, or in words where there is none."""
    return _WITHOUT_FLAG.get(option) or _FLAGS.get(option) or flag(option)


def _as_typed(found: str) -> str:
    """A value that Python shows, such as 'poisson' or (-1, 3), as it is typed: poisson, -1,3."""
    if len(found) > 1 and found[0] == found[-1] and found[0] in "'\"":
        return found[1:-1]
    return found[1:-1].replace(" ", "") if found[:1] == "(" and found[-1:] == ")" else found


def _given(cure: Cure) -> str:
    """The flag with its value, as it is typed."""
    named = _named(cure.option)
    if cure.value == "True":
        return named
    if cure.option == "points":
        # One flag a point.
        return " ".join(f"{named} {point}" for point in cure.value.split())
    return f"{named} {_quoted(cure.value)}"


def _quoted(word: str) -> str:
    """`word` as a shell takes it for one word; in double quotes where they do, which every shell knows."""
    is_placeholder = word.isupper() and word.replace("|", "").isalpha()
    if is_placeholder or (word and not set(word) - _PLAIN):
        return word
    if _is_quoted(word) or not set(word) & _LIVE_IN_DOUBLE_QUOTES:
        return word if _is_quoted(word) else f'"{word}"'
    return shlex.quote(word)


def _is_quoted(word: str) -> bool:
    return len(word) > 1 and word[0] == word[-1] == '"'


def as_typed(*words: str) -> str:
    """A command as this system's shell takes it."""
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)
