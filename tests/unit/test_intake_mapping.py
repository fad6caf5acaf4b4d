"""Mapping, check: what may enter a layer, and by which reason the rest is refused."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from observatoire.errors import BadInput, BadSource
from observatoire.intake.check import Checker
from observatoire.intake.mapping import check_columns, check_map, make_parse, parse_number
from observatoire.intake.options import Options, options_from_text
from observatoire.intake.source import Rejected
from observatoire.layers.model import Layer

pytestmark = pytest.mark.unit

NOW = datetime(2024, 6, 1, tzinfo=UTC)
LAYER = Layer.model_validate(
    {
        "id": "essais",
        "title": {"fr": "Essais", "en": "Trials"},
        "description": {"fr": "Essais", "en": "Trials"},
        "license": "none",
        "geometry": "Point",
        "properties": {
            "id": {"type": "integer", "role": "id"},
            "reference": {"type": "string"},
            "date": {"type": "string", "format": "date-time", "role": "primary-instant", "required": True},
            "nature": {"type": "string", "codes": "espace-public", "required": True},
            "delai": {"type": "number", "unit": "h"},
            "rang": {"type": "integer"},
            "clos": {"type": "boolean"},
            "jour": {"type": "string", "format": "date"},
            "origin": {"type": "string", "codes": "origine"},
        },
        "privacy": {"audience": ["public"], "never": ["telephone"]},
        "style": {"color": "#000000"},
    }
)
MAP = "id=num,date=le,nature=type,lon=x,lat=y"


def options(mapping: str = MAP, **others: Any) -> Options:
    return options_from_text(map=mapping, **others)


def item(row: dict[str, str], opts: Options) -> dict[str, Any]:
    parse = make_parse(LAYER, opts, ZoneInfo("Europe/Paris"))
    return Checker(LAYER, origin="reported", now=NOW)(parse(row))


ROW = {"num": "A-1", "le": "2024-05-01", "type": "tag", "x": "5.37", "y": "43.3"}


def test_a_row_becomes_an_item_with_its_key_precision_and_origin() -> None:
    made = item(ROW, options())

    assert {n: v for n, v in made.items() if v is not None} == {
        "source_key": "A-1",
        "date": datetime(2024, 4, 30, 22, tzinfo=UTC),
        "precision": "day",
        "nature": "tag",
        "origin": "reported",
        "lon": 5.37,
        "lat": 43.3,
    }


def test_codes_are_mapped_without_regard_to_case() -> None:
    assert item(ROW | {"type": "Tag/Graffiti"}, options(codes=["nature:tag/graffiti=tag"]))["nature"] == "tag"


def test_numbers_integers_booleans_days_and_origin_are_read() -> None:
    opts = options(MAP + ",delai=d,rang=r,clos=c,jour=j,origin=o", decimal=",")

    made = item(ROW | {"x": "5,37", "d": "1,5", "r": "-3", "c": "Oui", "j": "31/01/2024", "o": "sensor"}, opts)

    assert (made["lon"], made["delai"], made["rang"], made["clos"]) == (5.37, 1.5, -3, True)
    assert (made["jour"].isoformat(), made["origin"]) == ("2024-01-31", "sensor")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"type": "ovni"}, "nature: unknown-code ('ovni')"),
        ({"type": "Mme Martin 0612345678"}, "nature: unknown-code"),
        ({"type": ""}, "nature: missing"),
        ({"le": "31/02/2024"}, "date: bad-date ('31/02/2024')"),
        ({"le": ""}, "date: missing"),
        ({"le": "2024-06-04"}, "date: future-date ('2024-06-03')"),
        ({"num": " "}, "id: missing"),
        ({"x": "cinq"}, "lon: not-a-number"),
        ({"x": "nan"}, "lon: not-a-number"),
        ({"x": "1_0"}, "lon: not-a-number"),
        ({"r": "1.5"}, "rang: not-an-integer"),
        ({"c": "peut-être"}, "clos: not-a-boolean"),
        ({"o": "rumeur"}, "origin: unknown-code ('rumeur')"),
        ({"ref": "Il y a des rats partout"}, "reference: free-text"),
        ({"ref": "a" * 81}, "reference: free-text"),
        ({"ref": "a\u2028b"}, "reference: free-text"),
    ],
)
def test_a_row_is_refused_with_its_reason(row: dict[str, str], message: str) -> None:
    full = ROW | {"r": "", "c": "", "o": "", "ref": ""} | row

    with pytest.raises(Rejected) as refusal:
        item(full, options(MAP + ",rang=r,clos=c,origin=o,reference=ref"))

    assert str(refusal.value) == message


def test_a_clock_that_is_a_day_ahead_is_forgiven_and_planned_dates_are_free() -> None:
    assert item(ROW | {"le": "2024-06-02"}, options())["precision"] == "day"
    planned = make_parse(LAYER, options(), ZoneInfo("UTC"))(ROW | {"le": "2031-01-01"})

    assert Checker(LAYER, origin="reported", planned=True, now=NOW)(planned)["date"].year == 2031


@pytest.mark.parametrize(
    ("text", "others", "message"),
    [
        ("date=le,nature=type,lon=x,lat=y", {}, "no column for id"),
        ("id=num,nature=type,lon=x,lat=y", {}, "requires date"),
        (MAP + ",couleur=c", {}, "no property couleur"),
        (MAP + ",precision=p", {}, "no property precision"),
        (MAP + ",reference=Téléphone", {}, "Téléphone must never enter"),
        ("id=num,date=le,nature=type,lon=x", {}, "lon and lat go together"),
        (MAP + ",until=Téléphone", {}, "Téléphone must never enter"),
        (MAP, {"codes": ["nature:ovni=soucoupe"]}, "nature has no code soucoupe"),
        (MAP, {"codes": ["reference:a=b"]}, "reference is not a coded property"),
        (MAP, {"codes": ["nature"]}, "expected property:value=code"),
        (MAP, {"crs": "EPSG:x"}, "crs: expected EPSG:n"),
        (MAP, {"crs": "EPSG:2154"}, "map the columns to x and y for EPSG:2154"),
        (MAP, {"tz": "Paris"}, "tz: expected a name like Europe/Paris"),
        (MAP, {"origin": "rumeur"}, "origin: expected one of"),
        (MAP, {"separator": ";;"}, "separator"),
        (MAP, {"request": ["dataset"]}, "request: expected name=value"),
        ("id", {}, "expected property=column"),
        ("id=a,id=b", {}, "id is given twice"),
    ],
)
def test_a_mapping_that_cannot_be_right_is_refused_before_reading(
    text: str, others: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        check_map(LAYER, options(text, **others))


def test_columns_are_mapped_or_dropped_by_name() -> None:
    check_columns(["num", "note"], ["num"], ["note"])
    check_columns(["num", "note"], ["num"], "all-others")

    with pytest.raises(BadSource, match=r"column not mapped: 'note'; map it, or drop it by name"):
        check_columns(["num", "note"], ["num"], [])
    with pytest.raises(BadSource, match=r"drop: the table has no column 'notes'"):
        check_columns(["num", "note"], ["num"], ["notes"])
    with pytest.raises(BadSource, match=r"columns 1 and 3 have the same name"):
        check_columns(["num", "note", "num"], ["num"], ["note"])


def test_a_wrong_separator_is_suspected() -> None:
    with pytest.raises(BadSource, match=r"no column 'date', 'num'; it has one column only: is the separator right\?"):
        check_columns(["num:date"], ["num", "date"], [])


def test_a_first_row_taken_for_a_header_is_not_shown() -> None:
    with pytest.raises(BadSource) as error:
        check_columns(["Mme Martin", "06 12 34 56 78"], ["num"], [])

    assert "Martin" not in str(error.value)
    assert "06" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "decimal", "value"), [("1.5", ".", 1.5), ("1,5", ",", 1.5), ("1.5", ",", 1.5), ("-.5e1", ".", -5)]
)
def test_numbers_are_read_with_their_decimal_mark(text: str, decimal: str, value: float) -> None:
    assert parse_number(text, "n", decimal) == value


@pytest.mark.parametrize(
    ("text", "decimal"), [("1,5", "."), ("1.000,5", ","), ("1 000", "."), ("٣", "."), ("inf", "."), ("0x1", ".")]
)
def test_what_is_no_number_is_refused(text: str, decimal: str) -> None:
    with pytest.raises(Rejected, match="not-a-number"):
        parse_number(text, "n", decimal)


def test_a_source_that_gives_unknown_properties_is_wrong_as_a_whole() -> None:
    with pytest.raises(BadSource, match="does not have: couleur"):
        Checker(LAYER, origin="reported")({"source_key": "1", "couleur": "bleu"})


def test_a_time_without_zone_is_refused() -> None:
    naive = datetime(2024, 1, 1)  # noqa: DTZ001 - the case
    with pytest.raises(Rejected, match="date: no-time-zone"):
        Checker(LAYER, origin="reported")({"source_key": "1", "date": naive, "nature": "tag"})
