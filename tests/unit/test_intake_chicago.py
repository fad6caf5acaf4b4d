"""The source of Chicago's reports, on rows of its form."""

from datetime import UTC, datetime

import pytest

from etl.sources.chicago_311 import COLUMNS, NATURES, column, parse
from observatoire.intake.source import Rejected
from observatoire.layers.nomenclature import codes

pytestmark = pytest.mark.unit

NATURE = "What_is_the_Nature_of_this_Code_Violation"
ROW = dict.fromkeys(COLUMNS, "") | {
    "Creation_Date": "2012-09-03",
    "Status": "Completed",
    "Service_Request_Number": "12-00000001",
    "What_is_the_Nature_of_this_Code_Violation": "Garbage in yard",
    "Latitude": "41.85",
    "Longitude": "-87.65",
}


@pytest.mark.parametrize("date", ["2012-09-03", "09/03/2012"])
def test_a_request_becomes_a_report_of_its_local_day(date: str) -> None:
    """Chicago's summer time is UTC − 5."""
    assert parse(ROW | {"Creation_Date": date}) == {
        "source_key": "12-00000001",
        "reference": "12-00000001",
        "date": datetime(2012, 9, 3, 5, tzinfo=UTC),
        "precision": "day",
        "nature": "ordures",
        "lon": -87.65,
        "lat": 41.85,
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Status": "Completed - Dup"}, "Status: declared-duplicate"),
        ({"Status": "Open - Dup"}, "Status: declared-duplicate"),
        ({"Latitude": ""}, "Longitude: no-position"),
        ({"Creation_Date": "02/31/2012"}, "Creation_Date: bad-date ('2012-02-31')"),
        (
            {"What_is_the_Nature_of_this_Code_Violation": "Ufo"},
            "What_is_the_Nature_of_this_Code_Violation: unknown-code",
        ),
    ],
)
def test_a_request_is_refused_with_its_reason(change: dict[str, str], message: str) -> None:
    with pytest.raises(Rejected) as refusal:
        parse(ROW | change)

    assert str(refusal.value).startswith(message)


def test_every_nature_is_a_code_of_the_nomenclature() -> None:
    assert set(NATURES.values()) <= set(codes("espace-public"))


def test_the_portals_own_names_of_columns_are_those_of_the_archive() -> None:
    assert column("What is the Nature of this Code Violation?") in COLUMNS
    assert column("Service Request Number") in COLUMNS
