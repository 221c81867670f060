"""The eight EXIF orientations give one upright picture, in each format that has them."""

import io
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from cutsmith.picture import Picture
from cutsmith.picture.orientation import upright

HEIC = Path(__file__).parent / "heic"
# What a camera stores for each orientation, written with other means than the code under test.
STORED = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: np.transpose(a, (1, 0, 2)),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: np.transpose(np.rot90(a, 2), (1, 0, 2)),
    8: lambda a: np.rot90(a, -1),
}


def _exif(orientation):
    exif = Image.Exif()
    exif[274] = orientation
    return exif.tobytes()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_each_orientation_is_read_upright(quadrants, pillow_file, orientation, format_name):
    image = Image.fromarray(np.ascontiguousarray(STORED[orientation](quadrants)))
    data = pillow_file(image, format_name, exif=_exif(orientation), quality=95)
    picture = Picture.read(data)
    assert picture.pixels.shape == quadrants.shape
    assert np.abs(picture.pixels.astype(int) - quadrants).mean() < 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heic_is_turned_once(quadrants, orientation):
    pytest.importorskip("pi_heif")
    picture = Picture.read(HEIC / f"orientation_{orientation}.heic")
    assert picture.pixels.shape == quadrants.shape
    assert np.abs(picture.pixels.astype(int) - quadrants).mean() < 6


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_name", ["PNG", "TIFF"])
def test_16_bit_files_and_their_alpha_are_turned_too(noise, png_chunk, orientation, format_name):
    wanted = noise(10, 14, 4, dtype=np.uint16)
    stored = np.ascontiguousarray(STORED[orientation](wanted))
    if format_name == "PNG":
        data = Picture(stored[..., :3], (stored[..., 3] / 65535).astype(np.float32)).encode(".png")
        data = data[:33] + png_chunk(b"eXIf", _exif(orientation)[6:]) + data[33:]
    else:
        data = _tiff_with_orientation(stored, orientation)
    picture = Picture.read(data)
    assert np.array_equal(picture.pixels, wanted[..., :3])
    assert np.array_equal(np.rint(picture.alpha * 65535), wanted[..., 3])


def _tiff_with_orientation(samples, orientation):
    stream = io.BytesIO()
    tifffile.imwrite(
        stream,
        samples,
        photometric="rgb",
        extrasamples=["unassalpha"],
        compression="zlib",
        extratags=[(274, 3, 1, orientation, True)],
    )
    return stream.getvalue()


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "TIFF"])
def test_sideways_pictures_swap_their_resolutions(quadrants, pillow_file, format_name):
    image = Image.fromarray(np.ascontiguousarray(STORED[6](quadrants)))
    picture = Picture.read(pillow_file(image, format_name, exif=_exif(6), dpi=(300, 150)))
    assert picture.dpi == pytest.approx((150, 300), rel=1e-4)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_orientations_that_do_not_exist_leave_the_picture_alone(quadrants, pillow_file, orientation):
    assert np.array_equal(upright(quadrants, orientation), quadrants)
    data = pillow_file(Image.fromarray(quadrants), "PNG", exif=_exif(orientation))
    assert np.array_equal(Picture.read(data).pixels, quadrants)


def test_broken_exif_is_no_reason_to_refuse_a_picture(quadrants, pillow_file):
    data = pillow_file(Image.fromarray(quadrants), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xffgarbage")
    assert Picture.read(data).pixels.shape == quadrants.shape


def _xmp(orientation):
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
        f'tiff:Orientation="{orientation}"/></rdf:RDF></x:xmpmeta>'
    ).encode()


def _with_xmp(image, format_name, packet, exif):
    stream = io.BytesIO()
    options = {"exif": exif} if exif else {}
    if format_name == "PNG":
        texts = PngInfo()
        texts.add_itxt("XML:com.adobe.xmp", packet.decode())
        options["pnginfo"] = texts
    elif format_name == "TIFF":
        options["tiffinfo"] = {700: packet} | ({274: 3} if exif else {})
        options.pop("exif", None)
    else:
        options["xmp"] = packet
    image.save(stream, format_name, **options)
    return stream.getvalue()


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_an_orientation_in_xmp_alone_turns_nothing(quadrants, format_name):
    data = _with_xmp(Image.fromarray(quadrants), format_name, _xmp(6), b"")
    picture = Picture.read(data)
    assert picture.pixels.shape == quadrants.shape
    assert np.abs(picture.pixels.astype(int) - quadrants).mean() < 4


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_exif_without_an_orientation_does_not_let_xmp_in(quadrants, format_name):
    exif = Image.Exif()
    exif[271] = "a camera"
    data = _with_xmp(Image.fromarray(quadrants), format_name, _xmp(6), exif.tobytes())
    assert Picture.read(data).pixels.shape == quadrants.shape


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3)])
def test_xmp_turns_no_tiff_of_16_bits(shape):
    pixels = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
    stream = io.BytesIO()
    packet = _xmp(6)
    tifffile.imwrite(stream, pixels, extratags=[(700, 1, len(packet), packet, True)])
    found = Picture.read(stream.getvalue()).pixels
    assert np.array_equal(found, pixels if len(shape) == 3 else np.dstack([pixels] * 3))


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_decides_where_xmp_says_otherwise(quadrants, format_name):
    stored = Image.fromarray(np.ascontiguousarray(STORED[3](quadrants)))
    picture = Picture.read(_with_xmp(stored, format_name, _xmp(6), _exif(3)))
    assert picture.pixels.shape == quadrants.shape
    assert np.abs(picture.pixels.astype(int) - quadrants).mean() < 4
