"""Conditional requests: what a server said of a file (`ETag`, `Last-Modified`) is kept in `<file>.http`."""

from hashlib import blake2b
from pathlib import Path

import httpx
import orjson


def validators(target: Path, url: httpx.URL) -> dict[str, str]:
    """Return the headers of a conditional request, where the file is the one that they speak of."""
    try:
        kept = orjson.loads(_beside(target).read_bytes())
        if kept.get("of") != _fingerprint(target, url):
            return {}
    except (OSError, orjson.JSONDecodeError, AttributeError):
        return {}
    names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
    return {names[name]: kept[name] for name in names if isinstance(kept.get(name), str)}


def keep_validators(target: Path, url: httpx.URL, headers: httpx.Headers) -> None:
    """Keep what the server says of the file that is now whole."""
    kept = {name: headers[name] for name in ("etag", "last-modified") if name in headers}
    if kept:
        _beside(target).write_bytes(orjson.dumps(kept | {"of": _fingerprint(target, url)}))


def forget_validators(target: Path) -> None:
    """Forget what was said: the file is about to change."""
    _beside(target).unlink(missing_ok=True)


def _beside(target: Path) -> Path:
    return target.with_name(f"{target.name}.http")


def _fingerprint(target: Path, url: httpx.URL) -> str:
    """Name the address and the state of the file, without saying them."""
    stat = target.stat()
    return blake2b(f"{url} {stat.st_size} {stat.st_mtime_ns}".encode(), digest_size=16).hexdigest()
