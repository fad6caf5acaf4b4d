"""Answers of a geocoder, kept under fingerprints of what was asked: the addresses themselves are not stored."""

import sqlite3
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from math import isfinite
from pathlib import Path
from typing import NamedTuple

AGE = 180 * 86_400  # s: streets are renamed, numbers are added


class Place(NamedTuple):
    """Where an address lies.

    Attributes
    ----------
    lon, lat : float, degrees
    score : float
        0–1, as the geocoder gives it.
    kind : str
        `housenumber`, `street`, `locality`, `municipality`.
    id : str
        Key of the Base Adresse Nationale.
    commune : str
        INSEE code.
    """

    lon: float
    lat: float
    score: float
    kind: str
    id: str
    commune: str

    @classmethod
    def of(cls, row: Mapping[str, str]) -> "Place | None":
        """Return the place of a row of addok's batch; None where it has found none."""
        lon, lat = (
            row.get("longitude") or row.get("result_longitude"),
            row.get("latitude") or row.get("result_latitude"),
        )
        if not lon or not lat or row.get("result_status", "ok") not in {"ok", ""}:
            return None
        place = cls(
            float(lon), float(lat), float(row.get("result_score") or 0), row.get("result_type") or "",
            row.get("result_id") or "", row.get("result_citycode") or "",
        )  # fmt: skip
        return place if all(map(isfinite, place[:3])) else None

    def texts(self) -> tuple[str, ...]:
        """Return its values as text."""
        return tuple(str(value) for value in self)


class Kept:
    """A file of answers; a missing answer is kept too."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.file = file
        with closing(self._open()) as base, base:
            base.execute(
                "CREATE TABLE IF NOT EXISTS place (key BLOB PRIMARY KEY, at INTEGER, lon REAL, lat REAL, score REAL, "
                "kind TEXT, id TEXT, commune TEXT) WITHOUT ROWID"
            )

    def get(self, keys: Iterable[bytes]) -> dict[bytes, Place | None]:
        """Return the answers that are known and not too old."""
        since = int(time.time()) - AGE
        known: dict[bytes, Place | None] = {}
        with closing(self._open()) as base:
            for key in keys:
                row = base.execute(
                    "SELECT lon, lat, score, kind, id, commune FROM place WHERE key = ? AND at >= ?", (key, since)
                ).fetchone()
                if row is not None:
                    known[key] = Place(*row) if row[0] is not None else None
        return known

    def put(self, answers: Mapping[bytes, Place | None]) -> None:
        """Keep answers."""
        now = int(time.time())
        rows = [(key, now, *(place or [None] * 6)) for key, place in answers.items()]
        with closing(self._open()) as base, base:
            base.executemany("INSERT OR REPLACE INTO place VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.file, timeout=30)
