"""Every failure that Cutsmith foresees, as a type.

An error says what was found and what was wanted (`what`) and how to mend it, with the command where there is one
(`remedy`). `exit_code` is what the command line returns for it: 1 the picture or the output failed, 2 wrong usage,
3 something is not installed, 4 nothing was found.
"""

from __future__ import annotations


class CutsmithError(Exception):
    """Base of every error that Cutsmith raises on purpose."""

    exit_code = 1

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n  {self.remedy}" if self.remedy else self.what


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
    """The output file is already there and `--overwrite` was not given."""


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

    def __init__(self, what: str, remedy: str = "", *, model: str = "") -> None:
        super().__init__(what, remedy)
        self.model = model


class WeightsDamaged(NotInstalled):
    """A model's file is truncated, or its hash is not the publisher's."""


class DownloadFailed(NotInstalled):
    """A model's file could not be fetched."""


class LicenceNotAccepted(NotInstalled):
    """The weights may not be used commercially and `--accept-licence` was not given."""


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


class SubjectNotFound(CutsmithError):
    """Nothing in the picture reached the probability that counts as a subject: a result, not a crash."""

    exit_code = 4

    def __init__(self, what: str, remedy: str = "", *, best_probability: float, threshold: float) -> None:
        super().__init__(what, remedy)
        self.best_probability = best_probability
        self.threshold = threshold
