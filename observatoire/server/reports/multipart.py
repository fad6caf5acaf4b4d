"""`multipart/form-data` (RFC 7578) of a body that is whole in memory."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from observatoire.reports.errors import Refused

MOST = 60  # parts
_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))', re.IGNORECASE)
_NAME = re.compile(rb'[;\s]name="([^"]{0,200})"', re.IGNORECASE)
_FILE = re.compile(rb"[;\s]filename\*?=", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """One field.

    Attributes
    ----------
    file : bool
        Whether it has a file name; the name itself goes no further.
    """

    name: str
    body: bytes = field(repr=False)
    file: bool


def parts(body: bytes, content_type: str) -> Iterator[Part]:
    """Give the fields of a form.

    Raises
    ------
    Refused
        `body`: no such form, or of more than 60 fields.
    """
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise _no_form()
    delimiter = b"\r\n--" + (found[1] or found[2]).encode("latin-1", "replace")
    pieces = (b"\r\n" + body).split(delimiter, MOST + 2)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise _no_form()
    for piece in pieces[1:-1]:
        head, blank, content = piece.partition(b"\r\n\r\n")
        disposition = next(
            (line for line in head.split(b"\r\n") if line.lower().startswith(b"content-disposition")), b""
        )
        name = _NAME.search(disposition)
        if not blank or name is None:
            raise _no_form()
        yield Part(name[1].decode("utf-8", "replace"), content, _FILE.search(disposition) is not None)


def _no_form() -> Refused:
    return Refused(
        "body",
        f"un formulaire multipart/form-data entier est attendu, d'au plus {MOST} champs",
        f"expected a whole form as multipart/form-data, of at most {MOST} fields",
    )
