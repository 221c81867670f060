"""Every failure that Cutsmith foresees, as a type that carries data.

An error says which `option` it is about, what was `found`, what is `wanted`, and which `cures` mend it. `what` and
`remedy` say the same to people who call the engine from Python; each door has its own words. `exit_code` is what the
command line returns: 1 the picture or the output failed, 2 wrong usage, 3 something is not installed, 4 nothing found.
"""

from __future__ import annotations

from typing import Any

from cutsmith.cures import Cure, advise

_LONGEST_SHOWN = 60


class CutsmithError(Exception):
    """Base of every error that Cutsmith raises on purpose.

    Args:
        what: what is wrong, in whole sentences that name no flag and no command; made of `option`, `wanted` and `found`
            where it is left out.
        cures: what mends it, best first; a text is advice.
        option: the option that it is about, by its name in `cutsmith.options`.
        found: the value that was found.
        wanted: what must be there instead, to follow the words "must be".
    """

    exit_code = 1

    def __init__(
        self, what: str = "", *cures: Cure | str, option: str = "", found: object = "", wanted: str = ""
    ) -> None:
        self.cures = tuple(advise(each) if isinstance(each, str) else each for each in cures if each)
        self.option = option
        self.found = found if isinstance(found, str) else shown(found)
        self.wanted = wanted
        self.is_about_a_value = not what
        """Whether `what` only says that `option` must be `wanted`, but is `found`: a door may say that in its words."""
        self.what = what or must_be(option, wanted, self.found)
        super().__init__(self.what, self.remedy)

    @property
    def remedy(self) -> str:
        """How to mend it, a line a cure; "" where nothing is known."""
        return "\n  ".join(map(str, self.cures))

    def __str__(self) -> str:
        return f"{self.what}\n  {self.remedy}" if self.remedy else self.what

    def to_json(self) -> dict[str, Any]:
        """The error for JSON: "type", "what", "remedy", "exit_code", "cures", and where it is known "option", "found",
        "wanted"."""
        about = {"option": self.option, "found": self.found, "wanted": self.wanted}
        return {
            "type": type(self).__name__,
            "what": self.what,
            "remedy": self.remedy,
            "exit_code": self.exit_code,
            "cures": [cure.to_json() for cure in self.cures],
            "is_about_a_value": self.is_about_a_value,
            **{name: value for name, value in about.items() if value},
        }


def must_be(option: str, wanted: str, found: str) -> str:
    """The sentence that says what is wrong with a value, `option` in a door's own words."""
    return f"{option} must be {wanted}, but got {found}." if found else f"{option} must be {wanted}."


def shown(value: object) -> str:
    """A value as a message shows it: short, a text in quotes."""
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


class Notice(str):
    """What the user should know though nothing failed: a text, with cures as an error has them.

    The text that it is stands for `what` and `cures` together, for who does not look at them.
    """

    what: str
    cures: tuple[Cure, ...]

    def __new__(cls, what: str, *cures: Cure | str) -> Notice:
        """Make the notice of `what` is the case and the `cures` for it."""
        made = tuple(advise(each) if isinstance(each, str) else each for each in cures if each)
        notice = super().__new__(cls, " ".join([what, *map(str, made)]))
        notice.what = what
        notice.cures = made
        return notice

    def to_json(self) -> dict[str, Any]:
        """The notice for JSON: "what" and "cures"."""
        return {"what": self.what, "cures": [cure.to_json() for cure in self.cures]}


class PictureError(CutsmithError):
    """A picture cannot be read."""


class PictureNotFound(PictureError):
    """There is no such file."""


class PictureIsFolder(PictureError):
    """A folder was given where a picture is wanted."""


class PictureEmpty(PictureError):
    """The file has no bytes."""


class PictureUnreadable(PictureError):
    """The operating system refuses to read the file."""


class PictureFormatUnsupported(PictureError):
    """The bytes are no picture, or of a format (or pixel type) that is not read."""


class PictureDamaged(PictureError):
    """The file begins as a picture and cannot be decoded: truncated or corrupt."""


class PictureTooSmall(PictureError):
    """A side is too short for a subject to be told from its background."""


class PictureTooLarge(PictureError):
    """More pixels than allowed, or than the memory holds for what was asked."""


class OutputError(CutsmithError):
    """A result cannot be written; nothing was."""


class OutputExists(OutputError):
    """The output file is already there and may not be replaced."""


class OutputRefused(OutputError):
    """The folder is missing or read-only, the disk is full, or the name is refused."""


class UsageError(CutsmithError):
    """The call itself is wrong."""

    exit_code = 2


class OutputFormatUnsupported(UsageError):
    """The output's suffix names a format that is not written, or one that cannot hold the result."""


class BadBox(UsageError):
    """A box that is not four finite numbers, is inverted, empty, or outside the picture."""


class BadPoint(UsageError):
    """A point that is not two finite numbers and a label of 0 or 1, or lies outside the picture."""


class BadPhrases(UsageError):
    """Words to look for that are empty, have no letters, or are not of the language that the detector reads."""


class BadColour(UsageError):
    """A background that is no colour, and no picture either."""


class BadOption(UsageError):
    """Any other option with a value that is not understood."""


class BadArray(UsageError):
    """An array handed in from Python has the wrong shape, dtype or values."""


class BadJob(UsageError):
    """A job for the worker that is none: of an unknown kind, or with wrong, missing or unknown fields."""


class UnknownModel(UsageError):
    """No catalogue entry and no file has this name."""


class NotInstalled(CutsmithError):
    """Something that the call needs is not on this machine."""

    exit_code = 3


class WeightsMissing(NotInstalled):
    """A model's file is nowhere on this machine; `model` is its name in the catalogue, where it is there."""

    def __init__(self, what: str, *cures: Cure | str, model: str = "") -> None:
        super().__init__(what, *cures)
        self.model = model


class WeightsDamaged(NotInstalled):
    """A model's file is truncated, or its hash is not the publisher's."""


class DownloadFailed(NotInstalled):
    """A model's file could not be fetched."""


class LicenceNotAccepted(NotInstalled):
    """The weights may not be used commercially and the licence was not accepted."""


class EngineMissing(NotInstalled):
    """No engine that runs ONNX models is installed, or not the one that was asked for."""


class ExtraMissing(NotInstalled):
    """An optional part (`pip install "cutsmith[NAME]"`) is not installed."""


class FormatExtraMissing(ExtraMissing):
    """The optional part that reads this picture's format is not installed; other pictures may do without."""


class ModelUnusable(NotInstalled):
    """The model's file cannot be run, or does not take a picture and give a mask."""


class DeviceOutOfMemory(CutsmithError):
    """The device that runs the model has not enough memory left."""


class WorkerEnding(CutsmithError):
    """The worker ends before the job's turn came: whoever asks again gets a new one."""


class Cancelled(CutsmithError):
    """The caller wanted the result no longer: its `cancelled` callback said so."""

    exit_code = 130


class SubjectNotFound(CutsmithError):
    """Nothing in the picture reached the probability that counts as a subject: a result, not a crash."""

    exit_code = 4

    def __init__(self, what: str, *cures: Cure | str, best_probability: float, threshold: float) -> None:
        super().__init__(what, *cures)
        self.best_probability = best_probability
        self.threshold = threshold
