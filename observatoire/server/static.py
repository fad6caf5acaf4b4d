"""Files of a folder from memory: small, few, compressed once. What is below it and regular is served, nothing else.

A page names its files below `v-{version}/`, where the version is the digest of the whole folder: such an address is
kept for a year without asking again, and the modules that a module imports lie below the same name. The plain name
answers the same bytes and is asked again each time.
"""

import mimetypes
import re
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from time import monotonic

import brotli
from isal import igzip
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from observatoire.data import root
from observatoire.server.encodings import chosen
from observatoire.server.respond import not_modified

mimetypes.add_type("text/javascript", ".mjs")
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("application/manifest+json", ".webmanifest")
#: Done once a file, so that it may take longer than for a page of items: 40 ms for the map library.
GZIP, BROTLI = 3, 5
#: The folder is looked at again for a new version after this, s.
LOOKED_AT = 2.0
FOREVER = "public, max-age=31536000, immutable"
_VERSIONED = re.compile(r"v-([0-9a-f]{16})/(.+)")
_TEXTS = ("text/", "application/json", "application/manifest+json", "image/svg+xml")


@dataclass(frozen=True)
class _File:
    stamp: tuple[int, int]  # when it changed, its length
    body: bytes
    encoded: dict[str, bytes]  # by content encoding
    media_type: str
    etag: str


class Static:
    """Answers files of a folder; one that changed on disk is read again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._kept: dict[str, _File] = {}
        self._version = ""
        self._looked = float("-inf")

    @property
    def version(self) -> str:
        """Digest of the names and contents of all files of the folder: 16 hexadecimal digits."""
        if monotonic() - self._looked > LOOKED_AT:
            names = sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())
            shown = (name for name in names if not any(part.startswith(".") for part in Path(name).parts))
            etags = "\n".join(f"{name} {self._file(name).etag}" for name in shown)
            self._version = blake2b(etags.encode(), digest_size=8).hexdigest()
            self._looked = monotonic()
        return self._version

    def address(self, name: str) -> str:
        """Return the versioned name of a file, to be put after the address of the folder."""
        return f"v-{self.version}/{name}"

    def answer(self, request: Request, name: str) -> Response:
        """Answer a file.

        Raises
        ------
        HTTPException
            404 where there is none.
        """
        found = _VERSIONED.fullmatch(name)
        file = self._file(found[2] if found else name)
        kept = FOREVER if found and found[1] == self.version else "public, no-cache"
        headers = {"ETag": file.etag, "Cache-Control": kept, "Vary": "Accept-Encoding"}
        if not_modified(request, file.etag):
            return Response(None, 304, headers)
        encoding = chosen(request.headers.get("accept-encoding", ""))
        if encoding in file.encoded:
            headers["Content-Encoding"] = encoding
            return Response(file.encoded[encoding], headers=headers, media_type=file.media_type)
        return Response(file.body, headers=headers, media_type=file.media_type)

    def _file(self, name: str) -> _File:
        try:
            path = (self.folder / name).resolve()
            hidden = any(part.startswith(".") for part in Path(name).parts)
            if hidden or not path.is_relative_to(self.folder) or not path.is_file():
                raise HTTPException(404)
            found = path.stat()
            stamp = (found.st_mtime_ns, found.st_size)
            if name not in self._kept or self._kept[name].stamp != stamp:
                self._kept[name] = _read(path, stamp)
        except (OSError, ValueError):  # a name that no file can have: a NUL, 300 characters
            raise HTTPException(404) from None
        return self._kept[name]


@cache
def web() -> Static:
    """Return the folder of the screens."""
    return Static(root() / "web")


def _read(path: Path, stamp: tuple[int, int]) -> _File:
    body = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    encoded = {}
    if media_type.startswith(_TEXTS) and len(body) > 1_000:
        encoded = {"br": brotli.compress(body, quality=BROTLI), "gzip": igzip.compress(body, GZIP, mtime=0)}
    return _File(stamp, body, encoded, media_type, f'W/"{blake2b(body, digest_size=12).hexdigest()}"')
