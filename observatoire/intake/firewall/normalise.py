"""What a string says, however it is written: other scripts' letters and digits, hidden signs, wrapped encodings.

The detectors know plain text only. `views` gives them every plain text that a string may stand for.
"""

import base64
import binascii
import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

DEPTH = 8  # wrappings inside one another: base64 makes ten characters 100 in eight, near the longest title
MOST = 200  # plain texts of one string
ACCENTED = 3  # of so many bytes that are text in Latin-1 one is beyond ASCII, at most; of those of a digest one in two
HEAD = 4_000  # characters that are looked at; no string as long as this is ever accepted

# Letters and digits of other scripts that look like ours (Unicode, confusables.txt, in part).
_ALIKE = str.maketrans(
    "АВЕЅІЈКМНОРСТУХԀԚԜӀЗабвеѕіјкмнорстухԁһԛԝьзΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβεικνορτυχγωՕօոսհգցıȷłøðđŁØĐɑɡɩʟɴʀꓢꓐꓮꓰꓲꓳꓑꓔꓴ٭",
    "ABESIJKMHOPCTYXDQWI3abbesijkmhopctyxdhqwb3ABEZHIKMNOPTYXaBeikvoptuxywOonuhqgijloddLODagilnrSBAEIOPTU*",
)
_SIGNS = str.maketrans(
    dict.fromkeys("‐‑‒–—―−﹘﹣－⁃➖", "-")
    | dict.fromkeys("․·•∙⋅。．｡ꞏ٫", ".")
    | dict.fromkeys("⁄∕⧸／", "/")
    | dict.fromkeys("’‘ʼ`´′", "'")
    | dict.fromkeys("＠﹫", "@")
    | dict.fromkeys("：∶꞉", ":")
    | dict.fromkeys("\u2800\u115f\u1160\u3164\uffa0", " ")
)
_HIDDEN = {"Cf", "Mn", "Me", "Cs", "Co"}
_REVERSED = "\u202e"

# A letter that stands for a digit, where at least five true digits are about: « O6 l2 34 56 78 ».
_MIXED = re.compile(r"(?<![A-Za-z])[0-9OolI|!SZBgq](?:[\s./_()-]{0,3}[0-9OolI|!SZBgq]){8,24}(?![A-Za-z])")
_DIGITS = str.maketrans("OolI|!SZBgq", "00111152899")
_TRUE_DIGITS = 5

_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_ESCAPE = re.compile(r"\\(?:u\{?([0-9A-Fa-f]{4,6})\}?|x([0-9A-Fa-f]{2})|U([0-9A-Fa-f]{8}))")
_QUOTED = re.compile(r"=[0-9A-F]{2}")
_ENTITY = re.compile(r"&(?:#[0-9]+|#[xX][0-9A-Fa-f]+|[A-Za-z]{2,8});?")
_TAG = re.compile(r"<[^<>]{0,100}>")
_BASE64 = (
    re.compile(r"[A-Za-z0-9+/]{8,}={0,2}"),
    re.compile(r"[A-Za-z0-9_-]{8,}={0,2}"),
    re.compile(r"[A-Za-z0-9]{8,}={0,2}"),
)
_LONG = re.compile(r"[A-Za-z0-9+/_-]{8}|(?:[0-9A-Fa-f]{2}[\s:]){5}")
_TURN = re.compile(r"[a-z0-9][A-Z]")  # base64 of words or figures has one; words themselves do not
_BASE32 = re.compile(r"[A-Z2-7]{16,}={0,6}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}[\s:]?){6,}")


def fold(text: str) -> str:
    """Return a text in plain letters and digits, case kept.

    Full-width, mathematical and circled signs, digits of any script, accents, look-alikes, hidden signs and exotic
    spaces, dashes and dots are brought to ASCII where it has a counterpart.

    Examples
    --------
    >>> fold("０６ ١٢ 34\u200b 56–78"), fold("Мmе Dupоnt-Élie")
    ('06 12 34 56-78', 'Mme Dupont-Elie')
    """
    return text if text.isascii() else text.translate(_FOLDED)


class _Folded(dict[int, str]):
    """Code point → what it is folded to, found once each."""

    def __missing__(self, point: int) -> str:
        sign = chr(point).translate(_SIGNS)
        self[point] = plain = "".join(map(_plain, unicodedata.normalize("NFKD", sign)))
        return plain


def _plain(sign: str) -> str:
    sign = sign.translate(_SIGNS).translate(_ALIKE)
    if sign.isascii():
        return sign
    kind = unicodedata.category(sign)
    if kind in _HIDDEN:
        return ""
    if kind[0] == "Z" or kind == "So":
        return " "
    digit = unicodedata.digit(sign, None)
    return sign if digit is None else str(digit)


_FOLDED = _Folded()


def with_digits(text: str) -> str:
    """Return a folded text whose letters that stand for digits are digits: `O6 l2 34` is `06 12 34`.

    Only inside runs of nine signs or more that hold five true digits.
    """
    return _MIXED.sub(_as_digits, text)


def _as_digits(run: re.Match[str]) -> str:
    found = run[0]
    return found.translate(_DIGITS) if sum(c.isdigit() for c in found) >= _TRUE_DIGITS else found


def views(text: str) -> Iterator[str]:
    """Give the plain texts that a string may stand for, itself first, each once.

    Parameters
    ----------
    text : str
        Its first `HEAD` characters are looked at.

    Yields
    ------
    str
        Folded. Unwrapped: JSON (each string of it), addresses (%41), HTML entities, escapes (backslash u), quoted
        printable, base64, base32, hexadecimal, `DEPTH` deep.
    """
    seen: set[str] = set()
    waiting: list[tuple[str, int]] = [(text[:HEAD], 0)]
    while waiting and len(seen) < MOST:
        raw, depth = waiting.pop(0)
        plain = fold(raw)
        clear = _cleared(plain)
        for said in dict.fromkeys((clear, plain)):
            if said not in seen:
                seen.add(said)
                yield said
        if _REVERSED in raw:
            waiting.append((raw.replace(_REVERSED, "")[::-1], DEPTH))
        if depth < DEPTH:
            waiting += [(inner, depth + 1) for said in dict.fromkeys((plain, clear)) for inner in _unwrapped(said)]


def _cleared(text: str) -> str:
    """Return a folded text with what stands for single signs (%41, &#65;, backslash u0041) replaced by them."""
    for _ in range(DEPTH):
        before = text
        if "%" in text and _PERCENT.search(text):
            text = fold(unquote(text))
        if "&" in text and _ENTITY.search(text):
            text = fold(html.unescape(text))
        if "\\" in text and _ESCAPE.search(text):
            text = fold(_ESCAPE.sub(lambda m: _sign(int(m[1] or m[2] or m[3], 16)), text))
        if text == before:
            return text
    return text


def keys(text: str) -> Iterator[str]:
    """Give the names of members of a string that is JSON, at any depth."""
    try:
        tree = json.loads(text) if text.lstrip()[:1] in {"{", "["} else None
    except (ValueError, RecursionError):
        return
    waiting: list[Any] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield from node
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _unwrapped(plain: str) -> Iterator[str]:
    """Give what is wrapped in a text, one wrapping less."""
    for sign, unwrap in _UNWRAP:
        if sign in plain:
            yield from unwrap(plain)
    if not _LONG.search(plain):
        return
    for pattern in _BASE64:
        for token in pattern.findall(plain):
            if _TURN.search(token):
                yield from _text(_from_base64, token)
    for token in _BASE32.findall(plain):
        yield from _text(_from_base32, token)
    for token in _HEX.findall(plain):
        yield from _text(_from_hex, token)


def _json(text: str) -> Iterator[str]:
    bare = text.strip()
    if bare[:1] not in {"{", "[", '"'}:
        return
    try:
        waiting: list[Any] = [json.loads(bare)]
    except (ValueError, RecursionError):
        return
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield from (f"{name}: {value}" for name, value in node.items() if isinstance(value, str | int | float))
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
            yield " ".join(str(part) for part in node if isinstance(part, str | int | float))
        elif isinstance(node, str | int | float):
            yield str(node)


def _untagged(text: str) -> Iterator[str]:
    yield _TAG.sub("", text)


def _plus(text: str) -> Iterator[str]:
    yield text.replace("+", " ")


def _quoted(text: str) -> Iterator[str]:
    if _QUOTED.search(text):
        try:
            yield binascii.a2b_qp(text.encode()).decode("utf-8")
        except (UnicodeDecodeError, binascii.Error):
            return


def _sign(code: int) -> str:
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


_UNWRAP: tuple[tuple[str, Callable[[str], Iterator[str]]], ...] = (
    ("<", _untagged),
    ("{", _json),
    ("[", _json),
    ('"', _json),
    ("=", _quoted),
    ("+", _plus),
)


def _text(decode: Callable[[str], bytes], token: str) -> Iterator[str]:
    """Give what a token decodes to, where that is text."""
    try:
        data = decode(token)
    except (ValueError, binascii.Error):
        return
    if b"\0" in data and len(data) % 2 == 0:
        data = data.replace(b"\0", b"")  # UTF-16 of Latin letters
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        if sum(byte >= 0x80 for byte in data) * ACCENTED > len(data):
            return
        text = data.decode("latin-1")
    if text.isprintable() or text.replace("\n", "").replace("\r", "").replace("\t", "").isprintable():
        yield text


def _from_base64(token: str) -> bytes:
    bare = token.rstrip("=").replace("-", "+").replace("_", "/")
    if len(bare) % 4 == 1:
        bare = bare[:-1]
    return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)


def _from_base32(token: str) -> bytes:
    bare = token.rstrip("=")
    return base64.b32decode(bare + "=" * (-len(bare) % 8))


def _from_hex(token: str) -> bytes:
    return bytes.fromhex(re.sub(r"[\s:]", "", token))
