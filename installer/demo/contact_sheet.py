"""Stacks before | mask | after previews into one picture, each under its file's name.

Run by the environment's Python, which has Pillow:  python contact_sheet.py OUT PREVIEW...
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

SHEET_WIDTH = 1500
MARGIN = 12
INDENT = 24  # of the names: where the previews themselves begin to show something
LABEL_HEIGHT = 40
LABEL_SIZE = 24
PAPER = "#fafafa"  # as in the previews
INK = "#222222"


def write_contact_sheet(out: Path, previews: Sequence[Path]) -> None:
    """Write the previews, all made equally wide, one under the other with the file names above them, to `out` (PNG)."""
    from PIL import Image, ImageDraw, ImageFont

    width = SHEET_WIDTH - 2 * MARGIN
    rows = []
    for path in previews:
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
        height = round(picture.height * width / picture.width)
        rows.append((path.stem, picture.resize((width, height), Image.Resampling.LANCZOS)))

    sheet_height = MARGIN + sum(LABEL_HEIGHT + picture.height + MARGIN for _, picture in rows)
    sheet = Image.new("RGB", (SHEET_WIDTH, sheet_height), PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=LABEL_SIZE)
    top = MARGIN
    for name, picture in rows:
        draw.text((INDENT, top + LABEL_HEIGHT / 2), name, fill=INK, font=font, anchor="lm")
        sheet.paste(picture, (MARGIN, top + LABEL_HEIGHT))
        top += LABEL_HEIGHT + picture.height + MARGIN
    sheet.save(out, optimize=True)


if __name__ == "__main__":
    write_contact_sheet(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
