"""What is written of each cut-out, and how: checked before the work, and written once it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol

from cutsmith.batch.plan import STANDARD, Job, result_suffix
from cutsmith.cures import give, leave_out
from cutsmith.errors import BadOption, CutsmithError, OutputExists, shown
from cutsmith.machine.files import is_file
from cutsmith.options import what_is_wanted
from cutsmith.output import OUTPUT_OPTIONS, Output
from cutsmith.picture import Originals, Picture, check_output, encode_mask, write_bytes_atomically
from cutsmith.picture.encoding import check_format_fits, check_format_has_quality, check_format_holds
from cutsmith.picture.formats import OUTPUT_FORMATS, output_format
from cutsmith.result.background import TRANSPARENT
from cutsmith.result.canvas.of_output import Frame, frame_of, settled
from cutsmith.result.canvas.writing import Encoded, encode_mask_on_canvas, encode_on_canvas
from cutsmith.result.cutout import Cutout


class StandardOutput(Protocol):
    """Where pictures with the output "-" go."""

    def check(self) -> None:
        """Raise a CutsmithError if it cannot take a picture."""

    def write(self, data: bytes) -> None:
        """Write the bytes of a picture."""


@dataclass(frozen=True)
class Writing:
    """What to write for each picture, how, and what it must not replace.

    Attributes:
        options: how results are written, already checked (`checked_output`).
        behind: the picture to put behind the subject, if that is what the option `background` names.
        originals: the files that no result may replace, by whatever name.
        standard_output: takes the pictures that go to "-".
        scale: that of a group of pictures on the canvas; None for what the canvas says.
    """

    options: Output = field(default_factory=Output)
    behind: Picture | None = None
    originals: Originals = field(default_factory=Originals)
    standard_output: StandardOutput | None = None
    scale: float | None = None

    @cached_property
    def frame(self) -> Frame | None:
        """The canvas that results are laid on, and the marketplace they are for; None for the pictures' own frames."""
        frame = frame_of(self.options)
        if frame is None or self.scale is None:
            return frame
        return replace(frame, canvas=replace(frame.canvas, scale=self.scale))

    def are_there(self, job: Job) -> bool:
        """Whether the results of `job` are there already, and are to be left alone.

        Of several results of one picture the first stands for all, because it is written last.
        """
        if not self.options.skip_existing or job.output == STANDARD:
            return False
        return is_file(job.output) and (job.preview is None or is_file(job.preview))

    def check_targets(self, job: Job) -> None:
        """Refuse targets that cannot hold the result, before any work starts.

        Raises:
            OutputError: a target is there, would replace an original, or cannot be written.
            OutputFormatUnsupported: the format of a target cannot hold the result.
        """
        if job.output == STANDARD:
            self._standard_output.check()
        else:
            self._check_target(job.output)
        _check_format(self._format(job), self.options)
        if job.preview is not None:
            self._check_target(job.preview)

    def check_size(self, job: Job, picture: Picture) -> None:
        """Refuse a picture with a side that the format of its result has no room for.

        Raises:
            OutputFormatUnsupported: a side is too long.
        """
        if self.frame is None:
            check_format_fits(self._format(job), picture.width, picture.height)
        elif size := self.frame.canvas.pixels:
            check_format_fits(self._format(job), *size)

    def losses(self, job: Job, picture: Picture) -> tuple[str, ...]:
        """What the result will lack of the metadata of `picture` that is to be kept."""
        return picture.lost_metadata(self._suffix(job), self.options.keep_metadata)

    def write(self, cutout: Cutout, job: Job) -> Encoded:
        """Write `cutout` to the output of `job`, unless it is there and is to be left alone; -> what was written.

        Raises:
            OutputError: it cannot be written.
        """
        if job.output != STANDARD and self.options.skip_existing and is_file(job.output):
            return Encoded(b"")
        encoded = self.encoded(cutout, job)
        if job.output == STANDARD:
            self._standard_output.write(encoded.data)
        else:
            self._write_file(encoded.data, job.output)
        return encoded

    def write_preview(self, preview: Picture, path: str) -> None:
        """Write `preview` to `path`, unless it is there and is to be left alone. Raises as `write`."""
        if not (self.options.skip_existing and is_file(path)):
            self._write_file(preview.encode(Path(path).suffix or path, quality=self.options.quality), path)

    def _check_target(self, path: str) -> None:
        if not (self.options.skip_existing and is_file(path)):
            check_output(path, overwrite=self.options.overwrite, originals=self.originals)

    def _write_file(self, data: bytes, path: str) -> None:
        try:
            write_bytes_atomically(data, path, overwrite=self.options.overwrite, originals=self.originals)
        except OutputExists:
            # Another call has written it meanwhile.
            if not self.options.skip_existing:
                raise

    def encoded(self, cutout: Cutout, job: Job) -> Encoded:
        """The file that `write` writes, its bytes and what is to be said about them.

        Raises:
            OutputFormatUnsupported: the format cannot hold it.
        """
        suffix, quality, kept = self._suffix(job), self.options.quality, self.options.keep_metadata
        metadata = cutout.provenance if self.options.provenance else None
        if self.options.mask_only:
            if self.frame is not None:
                return encode_mask_on_canvas(cutout, self.frame, suffix, metadata=metadata, quality=quality)
            return Encoded(
                encode_mask(cutout.alpha, suffix, dpi=cutout.picture.dpi, metadata=metadata, quality=quality)
            )
        background = self.behind or self.options.background
        if self.frame is not None:
            return encode_on_canvas(
                cutout, self.frame, background, suffix, metadata=metadata, quality=quality, keep_metadata=kept
            )
        result = cutout.as_picture() if background == TRANSPARENT else cutout.on(background)
        return Encoded(result.encode(suffix, metadata=metadata, quality=quality, keep_metadata=kept))

    def _suffix(self, job: Job) -> str:
        if job.output == STANDARD:
            return ".png" if self.options.format is None else result_suffix(self.options)
        return Path(job.output).suffix or job.output

    def _format(self, job: Job) -> str:
        return output_format(self._suffix(job))

    @property
    def _standard_output(self) -> StandardOutput:
        assert self.standard_output is not None, "a door that plans a job for standard output must provide it"
        return self.standard_output


def checked_output(output: Output) -> Output:
    """Return `output` if its values are valid and go together, with its preset's background where it has none.

    Raises:
        BadOption: a value is invalid, two values exclude each other, or there is no such preset.
        OutputFormatUnsupported: the format cannot hold the result.
    """
    for name, option in OUTPUT_OPTIONS.items():
        value = getattr(output, name)
        if wanted := what_is_wanted(option, value):
            cure = give(name, option.example) if option.example else leave_out(name)
            found = ",".join(value) if option.kind == "names" and isinstance(value, tuple) else shown(value)
            raise BadOption("", cure, option=name, found=found, wanted=wanted)
    if output.mask_only and output.background != TRANSPARENT:
        raise BadOption(
            "The mask alone has no background, but a background was given.",
            leave_out("mask_only"),
            leave_out("background", "Or"),
            option="background",
        )
    if output.mask_only and output.keep_metadata:
        raise BadOption(
            "The mask alone keeps nothing of the photograph's metadata.",
            leave_out("keep_metadata"),
            option="keep_metadata",
        )
    if output.skip_existing and output.overwrite:
        raise BadOption(
            "Existing results cannot be both left alone and replaced.",
            leave_out("overwrite", "To leave them alone"),
            leave_out("skip_existing", "To replace them"),
            option="skip_existing",
        )
    if output.skip_existing and output.detections_only:
        raise BadOption(
            "Detections are not written to files, so none can be there already.",
            leave_out("skip_existing"),
            option="skip_existing",
        )
    output = settled(output)
    if output.format is not None:
        _check_format(OUTPUT_FORMATS[f".{output.format}"], output)
    return output


def _check_format(format_name: str, output: Output) -> None:
    """Raise OutputFormatUnsupported if `format_name` has no place for what `output` asks for."""
    alpha = output.background == TRANSPARENT and not output.mask_only
    check_format_holds(format_name, alpha=alpha, metadata=output.provenance, kept=output.keep_metadata)
    if output.quality is not None:
        check_format_has_quality(format_name)


def numbered_job(job: Job, number: int) -> Job:
    """The job for one object, with its number before the suffix of each file."""
    preview = None if job.preview is None else _with_number(job.preview, number)
    return Job(job.source, _with_number(job.output, number), preview)


def _with_number(path: str, number: int) -> str:
    target = Path(path)
    return str(target.with_name(f"{target.stem}-{number}{target.suffix}"))


class Written(NamedTuple):
    """What was written of one picture.

    Attributes:
        outputs: the files, in the order of the cut-outs.
        previews: those of the previews.
        failure: the error that stopped it.
        remarks: what the user should know about how subjects were laid on a canvas.
        checks: each check of a marketplace's that failed, as a sentence.
    """

    outputs: tuple[str, ...]
    previews: tuple[str, ...]
    failure: CutsmithError | None
    remarks: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()


def write_all(cutouts: Sequence[Cutout], targets: Sequence[Job], writing: Writing) -> Written:
    """Write every cut-out and preview, the first last.

    Files written before a failure stay and are reported, because they are complete.
    """
    outputs: list[str] = []
    previews: list[str] = []
    remarks: list[str] = []
    failed: list[str] = []
    failure = None
    try:
        for cutout, target in zip(reversed(cutouts), reversed(targets), strict=True):
            encoded = writing.write(cutout, target)
            remarks[:0] = encoded.remarks
            failed[:0] = encoded.checks
            outputs.insert(0, target.output)
            if target.preview is not None:
                from cutsmith.result.preview import preview

                writing.write_preview(preview(cutout), target.preview)
                previews.insert(0, target.preview)
    except CutsmithError as error:
        failure = error
    # Several objects of one picture may have the same to say.
    said, found = (tuple(dict.fromkeys(each)) for each in (remarks, failed))
    return Written(tuple(outputs), tuple(previews), failure, said, found)
