"""What an answer says on the wire: its body, decompressed in bounded pieces, and when to come back."""

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from observatoire.errors import SourceUnavailable

_CHUNK = 1 << 16  # bytes


def retry_after(text: str | None) -> float | None:
    """Return the seconds of `Retry-After`, a number or a date; None where it says neither."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())


def decoded(answer: httpx.Response) -> Iterator[bytes]:
    """Give the body in chunks of bounded size, however well it was compressed."""
    coding = answer.headers.get("content-encoding", "identity").strip().lower()
    if coding in {"", "identity"}:
        yield from answer.iter_raw(_CHUNK)
        return
    if coding not in {"gzip", "x-gzip"}:
        raise SourceUnavailable(f"{answer.url.host}: its answer is compressed in another way than gzip")
    inflate = zlib.decompressobj(31)
    try:
        for raw in answer.iter_raw(_CHUNK):
            rest, full = raw, False
            while rest or full:
                if inflate.eof:
                    inflate = zlib.decompressobj(31)
                piece = inflate.decompress(rest, _CHUNK)
                yield piece
                rest = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
                full = len(piece) == _CHUNK and not inflate.eof
    except zlib.error:
        raise httpx.DecodingError("broken gzip") from None
    if not inflate.eof and answer.status_code != httpx.codes.NOT_MODIFIED:
        raise httpx.RemoteProtocolError("the gzip body is cut")
