"""The edge, the background, pictures that are read and files that are written."""

from __future__ import annotations

import numpy as np
import pytest

from cutsmith import Picture, cut_out, refine_mask
from tests.doors.catalogue import (
    BLIND,
    COMMAND_LINE,
    REFINE,
    SUBJECT,
    fails,
    photograph,
    picture,
    without,
    written,
)


@fails("A matting method that does not exist")
def _(folder):
    cut_out(picture(), models=BLIND, matting="poisson")


@fails("A band without matting", REFINE)
def _(folder):
    refine_mask(picture(), np.zeros((80, 100), np.float32), matting="none", band=(3, 3))


@fails("A band below 0", REFINE)
def _(folder):
    refine_mask(picture(), np.zeros((80, 100), np.float32), band=(-1, 3))


@fails("A band on the command line that is one number", doors=(COMMAND_LINE,))
def _(folder):
    from cutsmith.option_text import parse_band

    parse_band("3")


@fails("An inside to be made solid by too much", REFINE)
def _(folder):
    refine_mask(picture(), np.zeros((80, 100), np.float32), harden=0.75)


@fails("A threshold of 0", SUBJECT)
def _(folder):
    cut_out(picture(), models=BLIND, threshold=0.0)


@fails("A harder inside and a hard mask at once", SUBJECT)
def _(folder):
    cut_out(picture(), models=BLIND, harden=0.2, threshold=0.5)


@fails("A foreground estimation that does not exist", REFINE)
def _(folder):
    refine_mask(picture(), np.zeros((80, 100), np.float32), foreground="magic")


@fails("A mask of another size", REFINE)
def _(folder):
    refine_mask(picture(), np.zeros((40, 50), np.float32))


@fails("A mask with values beyond 1", REFINE)
def _(folder):
    refine_mask(picture(), np.full((80, 100), 7, np.float32))


@fails("A mask with values that are not numbers", REFINE)
def _(folder):
    refine_mask(picture(), np.full((80, 100), np.nan, np.float32))


@fails("A trimap with other values than three", REFINE)
def _(folder):
    refine_mask(picture(), np.zeros((80, 100), np.float32), trimap=np.indices((80, 100))[0].astype(np.uint8) % 3)


@fails("Closed-form matting that needs more memory than there is", SUBJECT)
def _(folder):
    from cutsmith.matting.closed_form import solve

    mask = np.zeros((80, 100), np.float32)
    mask[20:60, 20:60] = 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(solve, "available_memory", lambda: 1_000_000)
        refine_mask(picture(), mask, matting="closed-form", matting_effort="exact")


@fails("Closed-form matting without pymatting")
def _(folder):
    mask = np.zeros((80, 100), np.float32)
    mask[20:60, 20:60] = 1
    with without("pymatting"):
        refine_mask(picture(), mask, matting="pymatting-cf")


@fails("A background that is neither a colour nor a picture")
def _(folder):
    from cutsmith.result.background import ready_background

    ready_background("whyte")


@fails("A background that is far from every colour")
def _(folder):
    from cutsmith.result.background import ready_background

    ready_background("12345")


@fails("A background colour that is not opaque")
def _(folder):
    from cutsmith.result.background import ready_background

    ready_background("#ffffff80")


@fails("A picture that is not there", doors=(COMMAND_LINE,))
def _(folder):
    photograph(folder / "photo.jpg")
    Picture.read(folder / "foto.jpg")


@fails("A picture that the system does not read", doors=(COMMAND_LINE,))
def _(folder):
    path = folder / "circle.png"
    path.symlink_to(path)
    Picture.read(path)


@fails("A folder in place of a picture", doors=(COMMAND_LINE,))
def _(folder):
    Picture.read(folder)


@fails("A picture of no bytes", doors=(COMMAND_LINE,))
def _(folder):
    Picture.read(written(folder / "empty.png"))


@fails("A text in place of a picture", doors=(COMMAND_LINE,))
def _(folder):
    Picture.read(written(folder / "notes.png", b"Buy milk, and do not forget the bread.\n"))


@fails("A picture that ends early", doors=(COMMAND_LINE,))
def _(folder):
    path = photograph(folder / "photo.png")
    Picture.read(written(folder / "half.png", path.read_bytes()[:2000]))


@fails("A picture that is too small")
def _(folder):
    Picture.read(photograph(folder / "dot.png", 1, 1))


@fails("A picture of more pixels than are allowed")
def _(folder):
    Picture.read(photograph(folder / "photo.png"), max_pixels=1000)


@fails("A HEIC picture where nothing reads it", doors=(COMMAND_LINE,))
def _(folder):
    with without("pi_heif"):
        Picture.read(written(folder / "photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)))


@fails("An output that is there already", doors=(COMMAND_LINE,))
def _(folder):
    from cutsmith.picture import check_output

    check_output(written(folder / "cut.png", b"mine"), overwrite=False)


@fails("An output whose folder is a file", doors=(COMMAND_LINE,))
def _(folder):
    from cutsmith.picture import check_output

    check_output(written(folder / "notes") / "cut.png", overwrite=False)


@fails("An output of a format that is not written", doors=(COMMAND_LINE,))
def _(folder):
    from cutsmith.picture.formats import output_format

    output_format(folder / "cut.gif")


@fails("Transparency into a JPEG", doors=(COMMAND_LINE,))
def _(folder):
    from cutsmith.picture.encoding import check_format_holds

    check_format_holds("JPEG", alpha=True, metadata=False)


@fails("Provenance into a BMP", doors=(COMMAND_LINE,))
def _(folder):
    from cutsmith.picture.encoding import check_format_holds

    check_format_holds("BMP", alpha=False, metadata=True)


@fails("A margin around a subject whose frame stays", doors=(COMMAND_LINE,))
def _(folder):
    _settled(margin="5%")


@fails("A canvas of one number", doors=(COMMAND_LINE,))
def _(folder):
    _settled(canvas="2000")


@fails("A canvas, and a frame that follows from the subject", doors=(COMMAND_LINE,))
def _(folder):
    _settled(canvas="2000x2000", crop=True)


@fails("A blurred background on a canvas", doors=(COMMAND_LINE,))
def _(folder):
    _settled(canvas="2000x2000", background="blur")


def _settled(**options: object) -> None:
    from cutsmith.batch.writing import checked_output
    from cutsmith.output import Output

    checked_output(Output(**options))
