"""How to fix a failure, as data: each door says it in its own words.

The engine never names a flag, a field of a dialog or a node's input. It says `set_option("device", "cpu")`. The command
line shows that as `--device cpu`, ComfyUI as its input, GIMP as the field of its dialog. Python callers
read `str(cure)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Action = Literal["advise", "set", "give", "leave_out", "lower", "fetch", "install_extra", "install_packages", "run"]


class Cure(NamedTuple):
    """One thing that the user can do.

    Attributes:
        action: the kind of cure; the constructors below explain each.
        text: for "advise" the advice, for the others why or when, without a full stop; may be empty.
        option: the option that is to be set, given, left out or lowered, by its name in `cutsmith.options`.
        value: what it is to be set to, or an example of what it takes; for "fetch" the source of the weights, "" for
            their publisher.
        names: the model to fetch, the extra or the packages to install, or the arguments of the command to run.
        accepts_licence: for "fetch": whether the user must accept the licence of the weights.
    """

    action: Action
    text: str = ""
    option: str = ""
    value: str = ""
    names: tuple[str, ...] = ()
    accepts_licence: bool = False

    def __str__(self) -> str:
        lead = f"{self.text}: " if self.text else ""
        match self.action:
            case "advise":
                return self.text
            case "set":
                return f"{lead}{self.option}={self.value}"
            case "give":
                return f"{self.text or 'Example'}: {self.option}={self.value}"
            case "leave_out":
                return f"{lead}leave {self.option} out" if lead else f"Leave {self.option} out."
            case "lower":
                return f"{lead}lower {self.option}" if lead else f"Lower {self.option}."
            case "fetch":
                source = f", from {self.value}" if self.value else ""
                return f"{self.text or 'Fetch them'}: cutsmith models fetch {self.names[0]}{source}"
            case "install_extra":
                return f'{lead}pip install "cutsmith[{self.names[0]}]"'
            case "install_packages":
                return f"{lead}pip install {' '.join(self.names)}"
            case "run":
                return f"{lead}cutsmith {' '.join(self.names)}"

    def to_json(self) -> dict[str, Any]:
        """The cure for JSON, without empty fields."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in self._asdict().items() if value
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Cure:
        """Make the cure from what `to_json` returned."""
        return cls(**{**told, "names": tuple(told.get("names", ()))})


def advise(text: str) -> Cure:
    """Advice in whole sentences, which name no option and no command."""
    return Cure("advise", text)


def set_option(option: str, value: object, text: str = "") -> Cure:
    """Set `option` to exactly this value; `text` says when, such as "To run it on the processor"."""
    return Cure("set", text, option, str(value))


def give(option: str, example: str, text: str = "") -> Cure:
    """Give `option` a value such as `example`, spelled as on the command line: "40,60,300,420"."""
    return Cure("give", text, option, example)


def leave_out(option: str, text: str = "") -> Cure:
    """Do without `option`."""
    return Cure("leave_out", text, option)


def lower(option: str, text: str = "") -> Cure:
    """Give `option` a smaller value."""
    return Cure("lower", text, option)


def fetch(model: str, text: str = "", *, accepts_licence: bool = False, source: str = "") -> Cure:
    """Fetch the weights of `model`, a name in the catalogue or "rembg:NAME"; with `source` from that folder, file or
    address, which may be a placeholder such as "FOLDER|URL"."""
    return Cure("fetch", text, value=source, names=(model,), accepts_licence=accepts_licence)


def install_extra(extra: str, text: str = "") -> Cure:
    """Install an optional part of Cutsmith, such as "sam2"."""
    return Cure("install_extra", text, names=(extra,))


def install_packages(*names: str, text: str = "") -> Cure:
    """Install packages that are not Cutsmith's own, such as "openvino"."""
    return Cure("install_packages", text, names=names)


def run(*arguments: str, text: str = "") -> Cure:
    """Run one of Cutsmith's commands: run("models", "list"), run("doctor")."""
    return Cure("run", text, names=arguments)
