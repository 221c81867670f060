"""Every failure that Cutsmith foresees, as a type that carries data.

An error names the `option` that is wrong, the value that was `found`, what is `wanted` instead, and `cures`. `what` and
`remedy` say the same for people who call the engine from Python; each door has its own words. The command line returns
`exit_code`: 1 the picture or the output failed, 2 wrong usage, 3 something is not installed, 4 nothing found.
"""

from __future__ import annotations

from typing import Any

from cutsmith.cures import Cure, advise

_LONGEST_SHOWN = 60


class CutsmithError(Exception):
    """Base of every error that Cutsmith raises on purpose.

    Args:
        what: what is wrong, in whole sentences without flags or commands; if left out, it is made from `option`,
            `wanted` and `found`.
        cures: how to fix it, best first; a text is advice.
        option: the name of the wrong option in `cutsmith.options`.
        found: the value that was found.
        wanted: what the value must be, worded to follow "must be".
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
        """Whether `what` only says that `option` must be `wanted`, but is `found`; doors may reword that."""
        self.what = what or must_be(option, wanted, self.found)
        super().__init__(self.what, self.remedy)

    @property
    def remedy(self) -> str:
        """How to fix it, one line per cure; "" if there is no cure."""
        return "\n  ".join(map(str, self.cures))

    def __str__(self) -> str:
        return f"{self.what}\n  {self.remedy}" if self.remedy else self.what

    def to_json(self) -> dict[str, Any]:
        """The error for JSON: "type", "what", "remedy", "exit_code", "cures" and, if known, "option", "found",
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
    """Something that the user should know though nothing failed: a text with cures, like those of an error.

    As a plain text, it has `what` and `cures` together.
    """

    what: str
    cures: tuple[Cure, ...]

    def __new__(cls, what: str, *cures: Cure | str) -> Notice:
        """Make a notice that says `what` has happened and offers `cures`."""
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
    """A folder was given instead of a picture."""


class PictureEmpty(PictureError):
    """The file has no bytes."""


class PictureUnreadable(PictureError):
    """The operating system refuses to read the file."""


class PictureFormatUnsupported(PictureError):
    """The bytes are not a picture, or have a format (or pixel type) that Cutsmith does not read."""


class PictureDamaged(PictureError):
    """The file begins like a picture but cannot be decoded, because it is truncated or corrupt."""


class PictureTooSmall(PictureError):
    """A side of the picture is too short to show a subject and a background."""


class PictureTooLarge(PictureError):
    """The picture has more pixels than allowed, or needs more memory than there is."""


class OutputError(CutsmithError):
    """A result cannot be written. Nothing was written."""


class OutputExists(OutputError):
    """The output file already exists and may not be replaced."""


class OutputRefused(OutputError):
    """The folder is missing or read-only, the disk is full, or the system refuses the name."""


class UsageError(CutsmithError):
    """The call itself is wrong."""

    exit_code = 2


class OutputFormatUnsupported(UsageError):
    """The output's suffix names a format that Cutsmith does not write, or that cannot hold the result."""


class BadBox(UsageError):
    """A box that is not four finite numbers, is inverted, empty, or outside the picture."""


class BadPoint(UsageError):
    """A point that is not two finite numbers and a label of 0 or 1, or lies outside the picture."""


class BadPhrases(UsageError):
    """Words that are empty, have no letters, or are in a language that the detector does not read."""


class BadColour(UsageError):
    """A background that is neither a colour nor a picture."""


class BadOption(UsageError):
    """An invalid value of any other option."""


class BatchMissing(UsageError):
    """The folder holds no batch: it has no manifest."""


class BadManifest(UsageError):
    """A file that should be a batch's manifest is none, or cannot be read."""


class BadVerdicts(UsageError):
    """A file of a person's verdicts is none, or belongs to another batch."""


class BadArray(UsageError):
    """An array handed in from Python has the wrong shape, dtype or values."""


class BadJob(UsageError):
    """A worker job of an unknown kind, or with wrong, missing or unknown fields."""


class PictureNotOpen(UsageError):
    """A worker job names an open picture that was closed, or never was open."""


class UnknownModel(UsageError):
    """Neither a catalogue entry nor a file has this name."""


class NotInstalled(CutsmithError):
    """Something that the call needs is missing on this machine."""

    exit_code = 3


class WeightsMissing(NotInstalled):
    """A model's file is missing on this machine; `model` is its name in the catalogue, or ""."""

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
    """No engine that runs ONNX models is installed, or the requested one is missing."""


class ExtraMissing(NotInstalled):
    """An optional part (`pip install "cutsmith[NAME]"`) is not installed."""


class FormatExtraMissing(ExtraMissing):
    """The optional part that reads this picture's format is not installed; other pictures may not need it."""


class ModelUnusable(NotInstalled):
    """The model's file cannot be run, or does not turn a picture into a mask."""


class DeviceOutOfMemory(CutsmithError):
    """The device that runs the model does not have enough memory left."""


class WorkerEnding(CutsmithError):
    """The worker ended before the job's turn came. Ask again to get a new worker."""


class Cancelled(CutsmithError):
    """The caller cancelled the call: its `cancelled` callback returned true."""

    exit_code = 130


class NothingToExport(CutsmithError):
    """No result of the batch is among those that were asked for."""

    exit_code = 4


class SubjectNotFound(CutsmithError):
    """Nothing in the picture reached the probability that counts as a subject: a result, not a crash."""

    exit_code = 4

    def __init__(self, what: str, *cures: Cure | str, best_probability: float, threshold: float) -> None:
        super().__init__(what, *cures)
        self.best_probability = best_probability
        self.threshold = threshold
