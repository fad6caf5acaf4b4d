"""City of Chicago, 311: « Sanitation Code Complaints » → collection ``signalements``.

Source : open-data portal of the city, CSV, one row per request of a resident; days, without times.
Key    : ``Service_Request_Number``.
CRS    : EPSG:4326, columns ``Longitude``, ``Latitude``.

The status says which requests the city itself found to be duplicates: they are refused, with that reason. The address
of the nuisance is not kept.
"""

import re
from zoneinfo import ZoneInfo

from observatoire.intake.dates import parse_instant
from observatoire.intake.mapping import parse_number
from observatoire.intake.source import Item, Rejected, Row, Source

ZONE = ZoneInfo("America/Chicago")
NATURES = {
    "": "autre",
    "construction site cleanliness/fence": "autre",
    "dog feces in yard": "nuisibles",
    "dumpster not being emptied": "ordures",
    "garbage in alley": "ordures",
    "garbage in yard": "ordures",
    "graffiti commercial vehicle": "tag",
    "other": "autre",
    "overflowing carts": "ordures",
    "standing water": "nuisibles",
}
COLUMNS = (
    "Creation_Date",
    "Status",
    "Completion_Date",
    "Service_Request_Number",
    "Type_of_Service_Request",
    "What_is_the_Nature_of_this_Code_Violation",
    "Street_Address",
    "ZIP_Code",
    "X_Coordinate",
    "Y_Coordinate",
    "Ward",
    "Police_District",
    "Community_Area",
    "Latitude",
    "Longitude",
    "Location",
)

_AMERICAN = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")


def column(name: str) -> str:
    """Return a column's name as the archived copy writes it: the portal has spaces and a question mark."""
    return name.replace(" ", "_").rstrip("?")


def parse(row: Row) -> Item:
    """Return the report of one request, or raise `Rejected`."""
    if "Dup" in row["Status"]:
        raise Rejected("declared-duplicate", "Status", row["Status"])
    nature = row["What_is_the_Nature_of_this_Code_Violation"]
    if nature.strip().casefold() not in NATURES:
        raise Rejected("unknown-code", "What_is_the_Nature_of_this_Code_Violation", nature)
    if not (row["Longitude"] and row["Latitude"]):
        raise Rejected("no-position", "Longitude")
    day = _AMERICAN.sub(r"\3-\1-\2", row["Creation_Date"])
    date, _ = parse_instant(day, ZONE, "Creation_Date")
    return {
        "source_key": row["Service_Request_Number"],
        "reference": row["Service_Request_Number"],
        "date": date,
        "precision": "day",
        "nature": NATURES[nature.strip().casefold()],
        "lon": parse_number(row["Longitude"], "Longitude"),
        "lat": parse_number(row["Latitude"], "Latitude"),
    }


SOURCE = Source(
    id="chicago-311-sanitation",
    collection="signalements",
    origin="reported",
    connector="csv",
    columns=COLUMNS,
    column=column,
    parse=parse,
    key="Service_Request_Number",
)
