"""The `picture` room: files become pixels, pixels become files, and nothing is lost on the way.

`Picture.read` takes a file upright into memory with its full depth, transparency, colour profile and resolution;
`Picture.save` writes one atomically. `write_mask` writes a soft mask or alpha as a gray picture.

The modules, in the order in which a picture passes through them:

    source            path, bytes, stream or standard input -> bytes
    formats           which format the bytes are; which suffixes are written; weak_signatures, those hard to tell
    disguises         what a file is that is no picture as it stands, but holds, names or was one
    png_chunks        what of a PNG is damaged and can be left out; apple_png, Apple's variant
    jpeg_markers      JPEGs without an end, and kinds of JPEG that are not read
    limits            how small and how large a picture may be
    decoders          the decoder of each format: bytes -> `decoded.Decoded`
    pillow_decoder    most formats; by the kind of pixel it calls
        modes             up to 8 bits: gray, palette, RGB, CMYK ...
        sixteen_bit       all 16 bits of PNG and TIFF
        tiff_pages        which page of a TIFF is the picture
        tiff_decoder      TIFFs that Pillow does not know; tiff_unpacking, their compressions
        declared_colour   colour spaces that a file names without a profile
        windows_icon      the largest picture of an icon
    heic_decoder      HEIC; likewise jpeg_xl_decoder, jpeg2000_decoder, netpbm_decoder
    orientation       turned upright
    colour            the profile settled, to sRGB and back; `icc_profile` knows profiles by their numbers
    transparency      what is hidden, how models see it, what is cut out already
    samples           depths; straight and premultiplied alpha
    picture           `Picture` itself: all of the above in this order, or from samples in memory
    encoding          pixels, or alpha alone, -> bytes; `png_encoder` for PNG
    originals         the files that no result may replace, by whatever name
    destination       bytes -> file, whole or not at all
"""

from cutsmith.picture.destination import check_output, write_atomically, write_bytes_atomically
from cutsmith.picture.encoding import encode_mask, write_mask
from cutsmith.picture.limits import DEFAULT_MAX_PIXELS, MINIMUM_SIDE
from cutsmith.picture.originals import Originals
from cutsmith.picture.picture import Picture, Source
from cutsmith.picture.source import NamedBytes

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "MINIMUM_SIDE",
    "NamedBytes",
    "Originals",
    "Picture",
    "Source",
    "check_output",
    "encode_mask",
    "write_atomically",
    "write_bytes_atomically",
    "write_mask",
]
