"""A photo drawn anew: smaller, without any metadata. What is not a photo is refused."""

import base64
import binascii
import warnings
from io import BytesIO
from typing import Any

from PIL import Image, ImageOps

from observatoire.reports.errors import Refused, TooLarge

LONGEST = 1_600  # pixels of the longer side
MOST_PIXELS = 50_000_000  # of a photo as it comes: a bomb of few bytes may unfold to gigabytes
QUALITY = 80
TYPES = ("image/jpeg", "image/png", "image/webp")
MEDIA_TYPE = "image/jpeg"
_FORMATS = ("JPEG", "PNG", "WEBP")


def redraw(body: bytes, *, most: int) -> bytes:
    """Return a JPEG of the same picture: upright, at most 1 600 pixels long, its pixels and nothing else.

    Parameters
    ----------
    body : bytes
        JPEG, PNG or WebP.
    most : int, bytes
        Longest body.

    Raises
    ------
    TooLarge
        If it is longer, or of more than 50 million pixels.
    Refused
        If it is no such picture, or broken.
    """
    if len(body) > most:
        raise too_large(most)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(body), formats=_FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise TooLarge(
                        "photo",
                        "plus de 50 millions de pixels ; une photo plus petite est attendue",
                        "more than 50 million pixels; expected a smaller photo",
                    )
                image.draft("RGB", (LONGEST, LONGEST))
                upright = ImageOps.exif_transpose(image)
                upright.thumbnail((LONGEST, LONGEST))
                return _pixels_only(upright)
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, Image.DecompressionBombError, MemoryError):
        raise Refused(
            "photo",
            "une photo JPEG, PNG ou WebP est attendue ; celle-ci ne peut pas être lue",
            "expected a photo as JPEG, PNG or WebP; this one cannot be read",
        ) from None


def _pixels_only(image: Image.Image) -> bytes:
    """Write the pixels of an image on a new one: nothing that came with the file goes along."""
    plain = Image.new("RGB", image.size, "white")
    seen = image.convert("RGBA") if "A" in image.getbands() or "transparency" in image.info else image.convert("RGB")
    plain.paste(seen, mask=seen if seen.mode == "RGBA" else None)
    out = BytesIO()
    plain.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def too_large(most: int) -> TooLarge:
    """Return the refusal of a photo that is too long."""
    return TooLarge(
        "photo",
        f"la photo ou l'envoi entier dépasse {most / 1e6:g} Mo ; une photo plus petite est attendue, ou aucune",
        f"the photo, or the whole body, is over {most / 1e6:g} MB; expected a smaller photo, or none",
    )


def decoded(photo: Any) -> bytes | None:
    """Return a photo that was sent as base64, a `data:` address or plain.

    Raises
    ------
    Refused
        `photo`: it is not base64.
    """
    if photo is None or photo == "":
        return None
    try:
        text = str(photo).partition(",")[2] if str(photo).startswith("data:") else photo
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise Refused("photo", "une image en base64 est attendue", "expected an image as base64") from None
