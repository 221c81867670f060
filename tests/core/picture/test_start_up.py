"""What a plain photograph does not need is not imported."""

import subprocess
import sys

import numpy as np

from cutsmith.picture import Picture

_CODE = """
import sys
import cutsmith.picture
before = "PIL" in sys.modules
picture = cutsmith.picture.Picture.read(sys.argv[1])
picture.srgb()
picture.save(sys.argv[2])
heavy = [name for name in ("cv2", "tifffile", "PIL.ImageCms", "scipy", "PIL.TiffImagePlugin") if name in sys.modules]
print(before, heavy)
"""


def test_a_photograph_is_read_and_written_with_pillow_and_numpy_only(tmp_path, noise, handmade_srgb):
    photo = Picture(noise(32, 32, 3), icc=handmade_srgb).save(tmp_path / "photo.jpg")
    done = subprocess.run(
        [sys.executable, "-c", _CODE, str(photo), str(tmp_path / "out.png")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False []"
    assert np.array_equal(Picture.read(tmp_path / "out.png").pixels, Picture.read(photo).pixels)
