"""A photo comes out as pixels: smaller, upright, without a word of what came with it."""

import base64
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from observatoire.reports.errors import Refused, TooLarge
from observatoire.reports.photo import LONGEST, decoded, redraw

pytestmark = pytest.mark.unit

MOST = 6_000_000
CANARIES = (b"CANARY-COMMENT", b"CANARY-XMP", b"CANARY-MAKER", b"CANARY-NAME", b"CANARY-TEXT", b"CANARY-ICC")


def exif() -> Image.Exif:
    """Where, when, whose and with what: tags of Exif 2.32; GPS 43.2965 N, 5.3698 E."""
    tags = Image.Exif()
    tags[0x010F], tags[0x013B], tags[0x9C9D] = "CANARY-MAKER", "CANARY-NAME", "CANARY-NAME"
    tags[0x0112] = 6  # Orientation: turn by 90° clockwise to see it upright
    tags.get_ifd(0x8825).update({1: "N", 2: (43.0, 17.0, 47.4), 3: "E", 4: (5.0, 22.0, 11.3)})
    tags.get_ifd(0x8769).update({0x9003: "2026:11:28 21:30:00", 0x927C: b"CANARY-MAKER"})
    return tags


def photo(form: str, size: tuple[int, int] = (400, 300)) -> bytes:
    """A picture that is red on the left and blue on the right, with all the metadata its format carries."""
    image = Image.new("RGB", size, (200, 0, 0))
    image.paste((0, 0, 200), (size[0] // 2, 0, *size))
    more: dict[str, Any] = {"exif": exif()}
    if form == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Author", "CANARY-NAME")
        text.add_itxt("XML:com.adobe.xmp", "<x>CANARY-XMP</x>")
        more["pnginfo"] = text
    elif form == "JPEG":
        more |= {"comment": b"CANARY-COMMENT", "xmp": b"<x>CANARY-XMP</x>", "icc_profile": b"CANARY-ICC" * 20}
    else:
        more |= {"xmp": b"<x>CANARY-XMP</x>", "icc_profile": b"CANARY-ICC" * 20}
    out = BytesIO()
    image.save(out, form, **more)
    return out.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_metadata_go_in_and_nothing_comes_out(form: str) -> None:
    body = photo(form)
    assert any(canary in body for canary in CANARIES)
    assert dict(Image.open(BytesIO(body)).getexif().get_ifd(0x8825))

    drawn = redraw(body, most=MOST)

    seen = Image.open(BytesIO(drawn))
    assert (seen.format, seen.mode) == ("JPEG", "RGB")
    assert not dict(seen.getexif())
    assert set(seen.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert not [canary for canary in CANARIES if canary in drawn]
    assert b"Exif" not in drawn


def test_a_photo_is_turned_upright() -> None:
    """Orientation 6 of Exif: what was on the left is on top."""
    drawn = Image.open(BytesIO(redraw(photo("JPEG"), most=MOST)))

    assert drawn.size == (300, 400)
    top, bottom = drawn.getpixel((150, 50)), drawn.getpixel((150, 350))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > 150 > top[2]
    assert bottom[2] > 150 > bottom[0]


def test_a_large_photo_is_made_smaller_in_proportion() -> None:
    drawn = Image.open(BytesIO(redraw(photo("JPEG", (4_000, 3_000)), most=MOST)))

    assert drawn.size == (LONGEST * 3 // 4, LONGEST)


def test_what_follows_the_picture_does_not_come_along() -> None:
    """A JPEG with a second file behind its end, as some phones write: only the first picture's pixels stay."""
    assert b"CANARY-TEXT" not in redraw(photo("JPEG") + b"CANARY-TEXT", most=MOST)


def test_transparency_becomes_white() -> None:
    out = BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(out, "PNG")

    assert Image.open(BytesIO(redraw(out.getvalue(), most=MOST))).getpixel((4, 4)) == (255, 255, 255)


def gif() -> bytes:
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "GIF")
    return out.getvalue()


@pytest.mark.parametrize(
    "body",
    [b"", b"<svg onload=alert(1)>", b"\xff\xd8\xff\xe0 not a photo", photo("JPEG")[:2_000], photo("PNG")[:200], gif()],
    ids=["empty", "svg", "garbage", "cut JPEG", "cut PNG", "GIF"],
)
def test_what_is_no_photo_is_refused_by_its_field(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        redraw(body, most=MOST)

    assert refused.value.field == "photo"
    assert refused.value.status == 400


def test_a_photo_that_is_too_long_or_unfolds_to_gigabytes_is_too_large() -> None:
    with pytest.raises(TooLarge):
        redraw(photo("JPEG"), most=1_000)

    out = BytesIO()
    Image.new("1", (60_000, 10_000)).save(out, "PNG")  # 600 million pixels in a few kilobytes
    assert len(out.getvalue()) < 200_000
    with pytest.raises((TooLarge, Refused)):
        redraw(out.getvalue(), most=MOST)


def test_base64_may_be_an_address_or_plain() -> None:
    text = base64.b64encode(b"abc").decode()

    assert decoded(text) == decoded(f"data:image/jpeg;base64,{text}") == b"abc"
    assert decoded(None) is decoded("") is None
    for wrong in ("%%%", 3, ["a"], {"a": 1}):
        with pytest.raises(Refused):
            decoded(wrong)
