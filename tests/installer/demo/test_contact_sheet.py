import numpy as np
from PIL import Image

from installer.demo.contact_sheet import LABEL_HEIGHT, MARGIN, SHEET_WIDTH, write_contact_sheet


def test_previews_of_any_size_are_stacked_equally_wide_each_under_its_name(tmp_path):
    colours = {"a red one": (200, 0, 0), "grün": (0, 200, 0)}
    paths = [tmp_path / f"{name}.png" for name in colours]
    Image.new("RGB", (900, 300), colours["a red one"]).save(paths[0])
    Image.new("RGBA", (3000, 1500), (*colours["grün"], 255)).save(paths[1])
    write_contact_sheet(tmp_path / "sheet.png", paths)

    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    width = SHEET_WIDTH - 2 * MARGIN
    heights = [width // 3, width // 2]
    assert sheet.shape == (MARGIN + sum(LABEL_HEIGHT + height + MARGIN for height in heights), SHEET_WIDTH, 3)
    top = MARGIN
    for colour, height in zip(colours.values(), heights, strict=True):
        label = sheet[top : top + LABEL_HEIGHT]
        assert label.min() < 100, "a name is written"
        assert (label[0] == label[0, 0]).all(), "and fits its strip"
        picture = sheet[top + LABEL_HEIGHT : top + LABEL_HEIGHT + height, MARGIN : MARGIN + width]
        assert (picture == colour).all()
        top += LABEL_HEIGHT + height + MARGIN
