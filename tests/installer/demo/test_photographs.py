import hashlib
import zipfile
from pathlib import Path

import pytest
import skimage
from PIL import Image

from installer.demo.photographs import PHOTOGRAPHS, missing_photographs, unpack_photographs
from installer.failure import InstallFailed

SKIMAGE_DATA = Path(skimage.__file__).parent / "data"


def wheel_of(tmp_path, pictures):
    wheel = tmp_path / "scikit_image-0.26.0.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in pictures.items():
            archive.writestr(f"skimage/data/{name}", content)
    return wheel


@pytest.fixture
def genuine():
    return {photo.name: (SKIMAGE_DATA / photo.name).read_bytes() for photo in PHOTOGRAPHS}


def test_the_recorded_hashes_are_those_of_scikit_images_own_files(genuine):
    assert {photo.name: photo.sha256 for photo in PHOTOGRAPHS} == {
        name: hashlib.sha256(content).hexdigest() for name, content in genuine.items()
    }


def test_they_come_out_of_the_wheel_as_whole_pictures(tmp_path, genuine):
    assert missing_photographs(tmp_path) == list(PHOTOGRAPHS)
    unpack_photographs(wheel_of(tmp_path, genuine), tmp_path)
    assert missing_photographs(tmp_path) == []
    for photo in PHOTOGRAPHS:
        with Image.open(tmp_path / photo.name) as picture:
            picture.load()


@pytest.mark.parametrize("harm", ["truncated", "absent"])
def test_a_wheel_with_another_picture_is_refused(tmp_path, genuine, harm):
    if harm == "truncated":
        genuine["coffee.png"] = genuine["coffee.png"][:-100]
    else:
        del genuine["coffee.png"]
    with pytest.raises(InstallFailed, match=r"coffee\.png"):
        unpack_photographs(wheel_of(tmp_path, genuine), tmp_path)
    assert not (tmp_path / "coffee.png").exists()


def test_a_damaged_picture_in_the_cache_is_fetched_again(tmp_path, genuine):
    unpack_photographs(wheel_of(tmp_path, genuine), tmp_path)
    (tmp_path / "rocket.jpg").write_bytes(b"half")
    assert [photo.name for photo in missing_photographs(tmp_path)] == ["rocket.jpg"]
