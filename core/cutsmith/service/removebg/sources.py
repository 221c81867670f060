"""The picture of a request, and the one behind its subject, wherever they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cutsmith.errors import CutsmithError
from cutsmith.service import cutting
from cutsmith.service.failures import BadForm, NotOffered
from cutsmith.service.forms import decoded
from cutsmith.service.removebg.refusal import Refused

if TYPE_CHECKING:
    from cutsmith.service.forms import Fields
    from cutsmith.service.service import Service

FILE, BASE64, URL = "image_file", "image_file_b64", "image_url"
_BEHIND_FILE, _BEHIND_URL, _COLOUR = "bg_image_file", "bg_image_url", "bg_color"
_FAILED = {
    URL: ("failed_image_download", "Failed to download image from given image_url"),
    _BEHIND_URL: ("failed_bg_download", "Failed to download background image from given bg_image_url"),
}


async def picture_data(service: Service, fields: Fields) -> bytes:
    """The bytes of the picture that `fields` hold or name.

    Raises:
        Refused: there is none or more than one, or it cannot be had.
        BodyTooLarge: it has more bytes than the service takes.
    """
    given = [name for name in (FILE, BASE64, URL) if _is_given(fields, name)]
    if len(given) > 1:
        raise Refused(
            "multiple_sources",
            "Multiple image sources given",
            f"Please provide either the {FILE}, {BASE64} or {URL} parameter.",
        )
    if not given:
        wanted = f"Please provide the source image in the {FILE}, {BASE64} or {URL} parameter."
        raise Refused("missing_source", "No image given", f"{wanted} {_hint(fields, FILE)}".strip())
    return await _data(service, fields, given[0])


async def background_data(service: Service, fields: Fields, *, has_colour: bool) -> bytes | None:
    """The bytes of the picture behind the subject; None for none.

    Args:
        service: fetches it, and says how many bytes it may have.
        fields: hold or name it.
        has_colour: whether `fields` have a colour that can be seen.

    Raises:
        Refused: there is more than one background, or it cannot be had.
        BodyTooLarge: it has more bytes than the service takes.
    """
    given = [name for name in (_BEHIND_FILE, _BEHIND_URL) if _is_given(fields, name)]
    if len(given) + has_colour > 1:
        raise Refused(
            "multiple_bg_sources",
            "Multiple background sources given",
            f"Please provide either the {_COLOUR}, {_BEHIND_URL} or {_BEHIND_FILE} parameter.",
        )
    if hint := _hint(fields, _BEHIND_FILE):
        raise Refused("failed_to_read_image", "Failed to read image", hint)
    return await _data(service, fields, given[0]) if given else None


def _is_given(fields: Fields, name: str) -> bool:
    """Whether there is something in the field. A form sends a file without name and bytes where none was chosen."""
    if name in (FILE, _BEHIND_FILE):
        return name in fields.files and fields.files[name] != ("", b"")
    if name in fields.files:
        raise BadForm(f"The field {name} must be a text, but is a file.", option=name)
    return fields.values.get(name) not in (None, "")


def _hint(fields: Fields, name: str) -> str:
    """What is wrong where a text stands in place of a file; "" where none does."""
    if fields.values.get(name) in (None, ""):
        return ""
    return f'The {name} must be a file of multipart/form-data: curl -F {name}=@photo.jpg, with an "@" before the file.'


async def _data(service: Service, fields: Fields, name: str) -> bytes:
    if name in fields.files:
        data = fields.files[name].data
    elif name == BASE64:
        try:
            data = decoded(name, fields.values[name])
        except BadForm as error:
            raise Refused("failed_to_read_image", "Failed to read image", error.what) from error
    else:
        data = await _fetched(service, name, fields.text(name))
    cutting.check_bytes(service, data)
    return data


async def _fetched(service: Service, name: str, address: str) -> bytes:
    if not _is_web_address(address):
        raise _bad_address(name, "It must begin with http:// or https:// and name a host.")
    try:
        return await cutting.fetched(service, address, name)
    except NotOffered as error:
        raise Refused(*_FAILED[name], str(error)) from error
    except CutsmithError as error:
        from cutsmith.service.fetching.failures import BadWebAddress, FetchTooLarge

        if isinstance(error, BadWebAddress):
            raise _bad_address(name, str(error)) from error
        if isinstance(error, FetchTooLarge):
            raise Refused("file_too_large", "File too large", str(error)) from error
        raise Refused(*_FAILED[name], str(error)) from error


def _bad_address(name: str, detail: str) -> Refused:
    return Refused(f"invalid_{name}", f"Invalid {name}: please provide a valid URL", detail)


def _is_web_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
