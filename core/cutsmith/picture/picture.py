"""`Picture`: what was read, and what is written."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cutsmith.arrays import checked_image, checked_mask
from cutsmith.picture.colour import profile_from_srgb, settle_profile, srgb_from_profile
from cutsmith.picture.decoded import damage_named
from cutsmith.picture.decoders import decode
from cutsmith.picture.destination import write_bytes_atomically
from cutsmith.picture.encoding import check_format_holds, encode
from cutsmith.picture.formats import output_format
from cutsmith.picture.icc_profile import is_srgb
from cutsmith.picture.limits import DEFAULT_MAX_PIXELS, check_size
from cutsmith.picture.metadata import Metadata, kept_metadata
from cutsmith.picture.orientation import SIDEWAYS, upright
from cutsmith.picture.originals import Originals
from cutsmith.picture.samples import alpha_from_samples, checked_samples, laid_on, split_alpha, to_8_bit
from cutsmith.picture.source import FileSource, read_source
from cutsmith.picture.transparency import WHITE, as_models_see, without_hidden_colours

if TYPE_CHECKING:
    from PIL.Image import Image

Source: TypeAlias = "FileSource | Picture | NDArray[Any] | Image"
"""What a picture can be read from or made of."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture in memory, upright, with everything that a file of it can keep.

    Attributes:
        pixels: uint8 or uint16, (H, W, 3), RGB in the colour space of `icc` (sRGB where that is None).
        alpha: float32 (H, W) in [0, 1], straight (colours are not multiplied by it); None where all is opaque. Whole
            numbers and bool become that, as in a mask.
        icc: the RGB colour profile, its bytes as they were in the file.
        dpi: (horizontal, vertical) resolution in dots per inch.
        source: the path, "<stdin>", "<bytes>" or "<array>".
        warnings: what the user should know, such as "only the first of 12 frames is used".
        metadata: EXIF, XMP and IPTC as they were in the file. They are written only where that is asked for.
    """

    pixels: NDArray[Any]
    alpha: NDArray[np.float32] | None = None
    icc: bytes | None = None
    dpi: tuple[float, float] | None = None
    source: str = "<array>"
    warnings: tuple[str, ...] = ()
    metadata: Metadata | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "pixels", checked_image(self.pixels))
        if self.alpha is not None:
            object.__setattr__(self, "alpha", checked_mask(self.alpha, self.pixels.shape[:2], "alpha"))

    def __repr__(self) -> str:
        depth = self.pixels.dtype.itemsize * 8
        kept = "".join(f", {name}" for name in ("alpha", "icc", "dpi") if getattr(self, name) is not None)
        return f"<Picture {self.source}: {self.width} x {self.height}, {depth} bits{kept}>"

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])

    @classmethod
    def read(cls, source: FileSource, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> Picture:
        """The picture in `source`: a path, a file's bytes, an open binary file, or "-" for standard input.

        PNG, JPEG, WebP, TIFF, BMP, AVIF, GIF, JPEG 2000, Netpbm (PPM, PGM, PBM, PAM, PFM), TGA, ICO, HEIC with the
        extra `[heic]` and JPEG XL with the extra `[jxl]`; of several frames or pages the first, of an icon the largest.
        `max_pixels` is compared with the header before anything is decoded.

        Raises:
            PictureNotFound, PictureIsFolder, PictureUnreadable, PictureEmpty: the file.
            PictureFormatUnsupported, PictureDamaged, PictureTooSmall, PictureTooLarge: what is in it.
            FormatExtraMissing: HEIC without pi-heif, JPEG XL without pylibjxl.
        """
        data, format_name, name = read_source(source)
        decoded = decode(data, format_name, name, max_pixels)
        with damage_named(name):  # the memory may be too small for this, too
            pixels, icc = settle_profile(upright(decoded.pixels, decoded.orientation), decoded.icc, decoded.warnings)
            alpha = None if decoded.alpha is None else alpha_from_samples(upright(decoded.alpha, decoded.orientation))
        dpi = decoded.dpi[::-1] if decoded.dpi and decoded.orientation in SIDEWAYS else decoded.dpi
        return cls(pixels, alpha, icc, dpi, name, tuple(decoded.warnings), decoded.metadata)

    @classmethod
    def of(cls, source: Source, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> Picture:
        """The picture that `source` is or holds: see `read` and `from_samples`, whose errors it raises."""
        if isinstance(source, Picture):
            return source
        if isinstance(source, list | tuple) or hasattr(source, "__array__") or hasattr(source, "getbands"):
            return cls.from_samples(source, max_pixels=max_pixels)
        return cls.read(source, max_pixels=max_pixels)

    @classmethod
    def from_samples(
        cls,
        samples: object,
        *,
        icc: bytes | None = None,
        dpi: tuple[float, float] | None = None,
        source: str = "<array>",
        max_pixels: int = DEFAULT_MAX_PIXELS,
    ) -> Picture:
        """The picture of `samples` in memory, upright.

        Args:
            samples: uint8 or uint16 of shape (H, W), (H, W, 1), (H, W, 3) or, with straight alpha, (H, W, 2) or
                (H, W, 4); or a PIL image, whose profile is taken where `icc` is None.
            icc: the colour profile that the samples are in; sRGB without.
            dpi: (horizontal, vertical) resolution in dots per inch.
            source: what messages call the picture.
            max_pixels: a picture with more is refused.

        Raises:
            BadArray: another shape or dtype.
            PictureTooSmall, PictureTooLarge.
        """
        array, profile = checked_samples(samples)
        check_size(array.shape[1], array.shape[0], source if source != "<array>" else "The picture", max_pixels)
        colours, alpha_samples = split_alpha(array)
        warnings: list[str] = []
        pixels, kept = settle_profile(colours, profile if icc is None else icc, warnings)
        alpha = None if alpha_samples is None else alpha_from_samples(np.ascontiguousarray(alpha_samples))
        return cls(np.ascontiguousarray(pixels), alpha, kept, dpi, source, tuple(warnings))

    def digest(self) -> str:
        """64 hexadecimal digits that are equal for pictures of equal pixels, transparency and colour profile."""
        import hashlib

        digest = hashlib.sha256(f"{self.pixels.dtype.name} {self.pixels.shape} {self.alpha is not None}".encode())
        for part in (self.pixels, self.alpha):
            if part is not None:
                digest.update(np.ascontiguousarray(part).data)
        digest.update(self.icc or b"")
        return digest.hexdigest()

    def srgb(self) -> NDArray[np.uint8]:
        """The picture on white: uint8 (H, W, 3) in sRGB, 16 bits rounded to 8 (never clipped).

        May be `pixels` itself: do not write into it.
        """
        colours = srgb_from_profile(to_8_bit(self.pixels), self.icc)
        return colours if self.alpha is None else laid_on(colours, self.alpha, WHITE)

    def for_models(self) -> NDArray[np.uint8]:
        """What a model sees: uint8 (H, W, 3) in sRGB. As `srgb`, but no part is washed out or lost on white.

        See `cutsmith.picture.transparency.as_models_see`. May be `pixels` itself: do not write into it.
        """
        colours = srgb_from_profile(to_8_bit(self.pixels), self.icc)
        return colours if self.alpha is None else as_models_see(colours, self.alpha)

    def without_hidden_colours(self) -> Picture:
        """This picture with the nearest visible colours in place of those under alpha 0, which nobody has seen."""
        if self.alpha is None:
            return self
        pixels = without_hidden_colours(self.pixels, self.alpha)
        return self if pixels is self.pixels else replace(self, pixels=pixels)

    def from_srgb(self, colours: NDArray[np.uint8]) -> NDArray[Any]:
        """sRGB `colours`, uint8 (H, W, 3) or (3,), in this picture's colour space and depth, to lay behind it."""
        image = np.asarray(colours, np.uint8)
        converted = profile_from_srgb(
            image.reshape((-1, 1, 3) if image.ndim != 3 else image.shape), self.icc, self.pixels.dtype
        )
        return converted.reshape(image.shape)

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        metadata: Mapping[str, str] | None = None,
        quality: int | None = None,
        keep_metadata: Collection[str] = (),
    ) -> Path:
        """Write the picture to `path`, atomically, in the format of its suffix; -> the path.

        PNG and TIFF keep 16 bits; all but BMP keep the profile, and all the resolution. WebP is lossless without
        `quality`. `metadata` goes into iTXt, ImageDescription or EXIF. Of the source's own metadata, `keep_metadata`
        names what is kept: "exif" (all but GPS), "xmp", "iptc", "gps". The file at `source` is never replaced, by
        whatever name.

        Raises:
            OutputFormatUnsupported: the suffix, or alpha into JPEG or BMP. OutputExists, OutputRefused, BadOption.
        """
        data = self.encode(
            Path(path).suffix or str(path), metadata=metadata, quality=quality, keep_metadata=keep_metadata
        )
        return write_bytes_atomically(data, path, overwrite=overwrite, originals=Originals([self.source]))

    def encode(
        self,
        suffix: str,
        *,
        metadata: Mapping[str, str] | None = None,
        quality: int | None = None,
        keep_metadata: Collection[str] = (),
    ) -> bytes:
        """The bytes that `save` would write to a file with `suffix`, such as ".png".

        Raises:
            OutputFormatUnsupported, OutputRefused, BadOption: as `save`.
        """
        format_name = output_format(suffix)
        check_format_holds(format_name, alpha=self.alpha is not None, metadata=bool(metadata), kept=keep_metadata)
        kept, _ = self._kept_metadata(format_name, keep_metadata)
        return encode(
            self.pixels,
            self.alpha,
            format_name,
            icc=self.icc,
            dpi=self.dpi,
            metadata=metadata,
            quality=quality,
            kept=kept,
        )

    def lost_metadata(self, suffix: str, keep_metadata: Collection[str]) -> tuple[str, ...]:
        """What of the metadata that is to be kept a file with `suffix` will lack: it is damaged, or too long for it."""
        return self._kept_metadata(output_format(suffix), keep_metadata)[1]

    def _kept_metadata(self, format_name: str, names: Collection[str]) -> tuple[Metadata, tuple[str, ...]]:
        is_plain = self.icc is None or is_srgb(self.icc)
        return kept_metadata(self.metadata, names, format_name, self.width, self.height, is_srgb=is_plain)
