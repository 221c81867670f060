"""The decoder of each format, imported when a file needs it."""

from __future__ import annotations

from cutsmith.picture.decoded import Decoded, damage_named


def decode(data: bytes, format_name: str, name: str, max_pixels: int) -> Decoded:
    """Decode the file `data` of a format that `formats.recognise` names; `name` is for messages.

    Raises:
        PictureTooSmall, PictureTooLarge, PictureFormatUnsupported, PictureDamaged, FormatExtraMissing.
    """
    match format_name:
        case "HEIC":
            from cutsmith.picture.heic_decoder import decode_heic

            return decode_heic(data, name, max_pixels)
        case "JPEG XL":
            from cutsmith.picture.jpeg_xl_decoder import decode_jpeg_xl

            return decode_jpeg_xl(data, name, max_pixels)
        case "JPEG 2000":
            from cutsmith.picture.jpeg2000_decoder import decode_jpeg2000

            return decode_jpeg2000(data, name, max_pixels)
        case "NETPBM":
            from cutsmith.picture.netpbm_decoder import decode_netpbm

            return decode_netpbm(data, name, max_pixels)
        case "ICO":
            from cutsmith.picture.windows_icon import largest_picture

            with damage_named(name):
                data, format_name = largest_picture(data)
    from cutsmith.picture.pillow_decoder import decode_with_pillow

    return decode_with_pillow(data, format_name, name, max_pixels)
