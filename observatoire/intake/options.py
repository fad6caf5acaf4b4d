"""How a file is read and mapped: options of a city's file, or of `obs load --connector`."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import Field, ValidationError, field_validator
from pyproj import CRS
from pyproj.exceptions import CRSError

from observatoire.errors import BadInput
from observatoire.layers.model import ORIGINS, Model

ALL_OTHERS = "all-others"


class Options(Model):
    """Options of every connector; unset ones take what the file or the city says."""

    map: dict[str, str] = Field(default_factory=dict, description="property → column; `id` is the source's own key")
    codes: dict[str, dict[str, str]] = Field(default_factory=dict, description="property → {value in the file → code}")
    drop: tuple[str, ...] | Literal["all-others"] = Field(default=(), description="Columns that are not wanted")
    crs: str | None = Field(default=None, description="CRS of x and y, or of geometries whose file says none")
    tz: str | None = Field(default=None, description="Zone in which times without offset are read; default: the city's")
    separator: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    encoding: str = "utf-8"
    decimal: Literal[".", ","] = "."
    origin: str | None = None
    planned: bool = Field(default=False, description="Dates may lie ahead")
    layer: str | None = Field(default=None, description="Layer of a file that holds several")
    request: dict[str, str] = Field(
        default_factory=dict, description="What a service is asked: its connector says which"
    )
    since: str | None = Field(default=None, description="Cursor that the last load left; the engine sets it")
    max_row_bytes: int = Field(default=1_048_576, ge=1_000, description="Longest row, bytes (OBS_MAX_ROW_BYTES)")

    @field_validator("crs")
    @classmethod
    def _known_crs(cls, crs: str | None) -> str | None:
        try:
            return None if crs is None else str(CRS.from_user_input(crs).to_string())
        except CRSError:
            raise ValueError("expected EPSG:n, such as EPSG:2154") from None

    @field_validator("tz")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in available_timezones():
            raise ValueError("expected a name like Europe/Paris")
        return zone

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, encoding: str) -> str:
        try:
            plain = "a;,\"'\t|\r\n".encode(encoding) == b"a;,\"'\t|\r\n"
        except (LookupError, UnicodeError):
            plain = False
        if not plain:
            raise ValueError("expected an encoding that holds ASCII as it is: utf-8, latin-1, cp1252, …")
        return encoding

    @field_validator("origin")
    @classmethod
    def _known_origin(cls, origin: str | None) -> str | None:
        if origin is not None and origin not in ORIGINS:
            raise ValueError(f"expected one of {', '.join(ORIGINS)}")
        return origin


def make_options(values: dict[str, Any], base: Options | None = None) -> Options:
    """Return options from plain values, over those of `base`.

    Raises
    ------
    BadInput
        If one is unknown or wrong; the text names it.
    """
    given = base.model_dump(exclude_unset=True) if base is not None else {}
    try:
        return Options.model_validate(given | values)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(
            f"{'.'.join(str(p) for p in first['loc'][:1])}: {first['msg'].removeprefix('Value error, ')}"
        ) from None


def options_from_text(
    *,
    map: str,  # noqa: A002 - the option's name in the contract
    codes: Sequence[str] = (),
    drop: str = "",
    request: Sequence[str] = (),
    **others: str | bool | None,
) -> Options:
    """Return options from the texts of a command line.

    Parameters
    ----------
    map : str
        `property=column[,property=column…]`.
    codes : sequence of str
        `property:value=code[,value=code…]`, one for each property.
    drop : str
        `column[,column…]`, or `all-others`.
    request : sequence of str
        `name=value`, one for each part of what a service is asked.
    **others
        `crs`, `tz`, `separator`, `encoding`, `decimal`, `origin`, `planned`, `layer`; None where not given.

    Raises
    ------
    BadInput
        If one cannot be used; the text says what was expected.

    Examples
    --------
    >>> options = options_from_text(map="id=num,nature=type", codes=["nature:tag/graffiti=tag"], drop="note")
    >>> options.map, options.codes, options.drop
    ({'id': 'num', 'nature': 'type'}, {'nature': {'tag/graffiti': 'tag'}}, ('note',))
    """
    coded: dict[str, dict[str, str]] = {}
    for text in codes:
        prop, colon, pairs = text.partition(":")
        if not colon:
            raise BadInput("codes: expected property:value=code[,value=code…]")
        coded.setdefault(prop.strip(), {}).update(_pairs(pairs, "codes", "value=code"))
    dropped = ALL_OTHERS if drop.strip() == ALL_OTHERS else tuple(c.strip() for c in drop.split(",") if c.strip())
    values = {name: value for name, value in others.items() if value is not None}
    if values.get("separator") in {"\\t", "tab"}:
        values["separator"] = "\t"
    asked: dict[str, str] = {}
    for text in request:
        name, equals, value = text.partition("=")
        if not (name.strip() and equals):
            raise BadInput("request: expected name=value")
        asked[name.strip()] = value
    mapping = _pairs(map, "map", "property=column")
    return make_options({"map": mapping, "codes": coded, "drop": dropped, "request": asked} | values)


def _pairs(text: str, option: str, form: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        left, equals, right = (piece.strip() for piece in part.partition("="))
        if not (left and equals and right):
            raise BadInput(f"{option}: expected {form}[,{form}…]")
        if left in pairs:
            raise BadInput(f"{option}: {left} is given twice")
        pairs[left] = right
    return pairs
