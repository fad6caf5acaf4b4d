"""Addresses to places: reads a table with another connector, and adds to each row where its address lies.

Online : addok's batch (`/search/csv`), as the Géoplateforme serves it; only the address and the commune are sent, never
         the rest of the row, and no address in which the person firewall finds somebody.
Offline: a file of the Base Adresse Nationale (`adresses-13.csv.gz`), number and street found exactly.
Answers are kept under a fingerprint of the address, so that none is asked twice and no address is stored.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from itertools import batched
from pathlib import Path
from typing import BinaryIO

from etl.connectors.ban import Book
from etl.connectors.features import asked
from etl.connectors.kept import Kept, Place
from observatoire.errors import BadInput, BadSource
from observatoire.intake import credentials
from observatoire.intake.firewall.firewall import find
from observatoire.intake.http import Client
from observatoire.intake.options import Options
from observatoire.intake.registry import connector_of
from observatoire.intake.source import Connector, Record, Rejected, Table, digest
from observatoire.settings import settings

REQUEST = {
    "connector": "which connector reads the file; required",
    "address": "columns that make the address, in order, separated by spaces; required",
    "commune": "column of the INSEE code",
    "service": "address of the geocoder, such as https://data.geopf.fr/geocodage; this or `ban`",
    "ban": "file of the Base Adresse Nationale",
    "score": "least score of an answer, 0–1; below it a row goes to quarantine; default: 0.6",
    "inside": "`key=value,…`: the `request` of that connector",
    **credentials.REQUEST,
}
ADDED = ("geo_lon", "geo_lat", "geo_score", "geo_type", "geo_id", "geo_commune")
_BATCH = 1_000  # addresses a request


def read(file: Path | BinaryIO, options: Options) -> Table:
    """Open a table of addresses; it has the columns of the file, and `ADDED`."""
    request = asked(options, REQUEST, required=["connector", "address"])
    reader = connector_of(request["connector"])
    if reader.read is None:
        raise BadInput("request.connector: expected one that reads a file")
    inside = dict(part.partition("=")[::2] for part in request.get("inside", "").split(",") if part)
    table = reader.read(file, options.model_copy(update={"request": inside}))
    return geocoded(table, request)


def geocoded(table: Table, request: dict[str, str]) -> Table:
    """Return a table with its places; a row whose address is not found well enough holds why.

    Parameters
    ----------
    request : dict
        `address`, `commune`, `service` or `ban`, `score`.
    """
    wanted = [*request["address"].split(), *([request["commune"]] if "commune" in request else [])]
    if missing := sorted(set(wanted) - set(table.columns)):
        raise BadSource(f"the table has no column {', '.join(missing)}")
    if ("service" in request) == ("ban" in request):
        raise BadInput("request: expected either service or ban")
    try:
        least = float(request.get("score", "0.6"))
    except ValueError:
        raise BadInput("request.score: expected a number from 0 to 1") from None
    look: Book | Service = Book(Path(request["ban"])) if "ban" in request else Service(request)
    return replace(table, columns=(*table.columns, *ADDED), records=_placed(table.records, request, look, least))


def _placed(
    records: Iterator[Record], request: dict[str, str], look: "Book | Service", least: float
) -> Iterator[Record]:
    columns = request["address"].split()
    for batch in batched(records, _BATCH):
        rows = [record.row for record in batch]
        asked = [
            ("", "") if isinstance(row, Rejected) else _address(row, columns, request.get("commune")) for row in rows
        ]
        persons = [find(text) for text, _ in asked]
        wanted = list(dict.fromkeys(a for a, person in zip(asked, persons, strict=True) if a[0] and not person))
        found = dict(zip(wanted, look(wanted), strict=True))
        for record, row, address, person in zip(batch, rows, asked, persons, strict=True):
            if isinstance(row, Rejected):
                yield record
                continue
            place = found.get(address)
            if person or not address[0] or place is None or place.score < least:
                reason = person or ("missing" if not address[0] else "address-not-found")
                yield record._replace(row=Rejected(reason, columns[0]))
            else:
                yield record._replace(row={**row, **dict(zip(ADDED, place.texts(), strict=True))})


def _address(row: "dict[str, str] | object", columns: list[str], commune: str | None) -> tuple[str, str]:
    assert not isinstance(row, Rejected)
    values = dict(row)  # type: ignore[call-overload]
    words = " ".join(" ".join(values[column].split()) for column in columns).strip()
    return words, values[commune].strip() if commune else ""


class Service:
    """A geocoder that speaks addok's batch, with its answers kept."""

    def __init__(self, request: dict[str, str]) -> None:
        self.address = request["service"].rstrip("/")
        self.client = Client(self.address, headers=credentials.credentials(request))
        self.kept = Kept(settings().var / "geocode.sqlite")

    def __call__(self, addresses: list[tuple[str, str]]) -> list[Place | None]:
        """Return a place for each address and commune."""
        keys = [
            digest(self.address.encode(), text.casefold().encode(), commune.encode()) for text, commune in addresses
        ]
        known = self.kept.get(keys)
        unknown = [i for i, key in enumerate(keys) if key not in known]
        if unknown:
            answers = self._ask([addresses[i] for i in unknown])
            fresh = {keys[i]: answers.get(n) for n, i in enumerate(unknown)}
            self.kept.put(fresh)
            known |= fresh
        return [known[key] for key in keys]

    def _ask(self, addresses: list[tuple[str, str]]) -> dict[int, Place]:
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(["n", "q", "citycode"])
        writer.writerows([n, text, commune] for n, (text, commune) in enumerate(addresses))
        answer = self.client.post(
            f"{self.address}/search/csv",
            files={"data": ("q.csv", out.getvalue().encode(), "text/csv")},
            data={"columns": "q"} | ({"citycode": "citycode"} if any(c for _, c in addresses) else {}),
        )
        host = answer.url.host
        try:
            rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), strict=True))
            ranks = {int(row["n"]): row for row in rows}
            places = {n: Place.of(row) for n, row in ranks.items()}
        except (UnicodeDecodeError, csv.Error, KeyError, TypeError, ValueError):
            raise BadSource(f"{host} answered something else than the table of places") from None
        if ranks.keys() != set(range(len(addresses))):
            raise BadSource(f"{host} answered for {len(ranks)} addresses of {len(addresses)}")
        return {n: place for n, place in places.items() if place is not None}


CONNECTOR = Connector("geocode", read)
