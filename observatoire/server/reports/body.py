"""The body of `POST /reports`: JSON, a form, or a form with a photo."""

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request

from observatoire.reports.errors import Refused
from observatoire.reports.photo import decoded
from observatoire.reports.report import Given
from observatoire.server.reports.multipart import MOST, parts

JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
FIELDS = (
    "nature", "lon", "lat", "address", "answers", "description", "photo", "occurred", "sent", "nonce", "website",
    "idempotency_key", "lang",
)  # fmt: skip
_ANSWER = "answers."


class UnknownMedia(Refused):
    """The body is neither JSON nor a form."""

    type, status = "unsupported-media-type", 415


@dataclass(frozen=True)
class Body:
    """What was sent.

    Attributes
    ----------
    fields : dict
        By name; texts, or values of JSON.
    form : bool
        Whether a browser's form sent it.
    """

    fields: dict[str, Any] = field(repr=False)
    photo: bytes | None = field(default=None, repr=False)
    form: bool = False

    def given(self, header_key: str | None) -> Given:
        """Return the report that it holds.

        Raises
        ------
        Refused
            `idempotency_key`: the header says another one than the field.
        """
        named = {n: v for n, v in self.fields.items() if n not in ("nonce", "lang", "photo") and "." not in n}
        if header_key is not None and named.setdefault("idempotency_key", header_key) != header_key:
            raise Refused("idempotency_key", "l'en-tête et le champ diffèrent", "header and field differ")
        answers = {n.removeprefix(_ANSWER): v for n, v in self.fields.items() if n.startswith(_ANSWER)}
        given = Given(**named, photo=self.photo)
        return replace(given, answers=answers) if answers and not given.answers else given


async def read_body(
    request: Request, known: tuple[str, ...] = FIELDS, *, prefix: str = _ANSWER, file: str = "photo"
) -> Body:
    """Read the body of a request.

    Parameters
    ----------
    known : tuple of str
        Names of its fields.
    prefix : str
        Beginning of the names of others that may come as well: answers.
    file : str
        Name of the photo.

    Raises
    ------
    UnknownMedia
        415: neither JSON nor a form.
    Refused
        The field that is unknown, given twice, or no text.
    """
    header = request.headers.get("content-type", "")
    media = header.partition(";")[0].strip().lower()
    raw = await request.body()
    if media == JSON:
        body = _json(raw)
    elif media == FORM:
        body = _form(raw)
    elif media == MULTIPART:
        body = _multipart(raw, header, file)
    else:
        expected = f"{JSON}, {FORM}, {MULTIPART}"
        raise UnknownMedia("Content-Type", f"attendu : {expected}", f"expected {expected}")
    for name, value in body.fields.items():
        shown = name[:40] if name.isascii() and name.isprintable() else "body"
        if name not in known and not name.startswith(prefix):
            expected = ", ".join(known)
            raise Refused(shown, f"champ inconnu ; attendu : {expected}", f"no such field; expected {expected}")
        if isinstance(value, str) and "\0" in value:
            raise Refused(shown, "contient un caractère NUL", "holds a NUL character")
    return body


def _json(raw: bytes) -> Body:
    try:
        fields = orjson.loads(raw)
    except orjson.JSONDecodeError:
        fields = None
    if not isinstance(fields, dict):
        raise Refused("body", "un objet JSON est attendu", "expected a JSON object")
    return Body(fields, decoded(fields.get("photo")))


def _form(raw: bytes) -> Body:
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=MOST, errors="strict")
    except ValueError:
        raise Refused(
            "body", f"un formulaire d'au plus {MOST} champs est attendu", f"expected a form of at most {MOST} fields"
        ) from None
    return Body(_once(pairs), form=True)


def _multipart(raw: bytes, header: str, file: str) -> Body:
    pairs: list[tuple[str, str]] = []
    photo = None
    for part in parts(raw, header):
        if part.file and part.name == file:
            photo = part.body or None  # a browser sends an empty file where none was chosen
            continue
        try:
            pairs.append((part.name, part.body.decode("utf-8")))
        except UnicodeDecodeError:
            raise Refused(part.name[:40], "un texte en UTF-8 est attendu", "expected text in UTF-8") from None
    fields = _once(pairs)
    return Body(fields, photo or decoded(fields.get("photo")), form=True)


def _once(pairs: list[tuple[str, str]]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, text in pairs:
        if name in fields:
            raise Refused(name[:40], "donné deux fois", "given twice")
        fields[name] = text
    return fields
