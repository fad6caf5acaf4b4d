"""Scores of past forecasts in the store: what the nightly job computed, a forecast of the day takes from there."""

import json
from collections.abc import Callable
from typing import Any

from psycopg import Connection

from observatoire.risk.kept import Rows

DAYS = 30  # that scores are kept


class KeptScores:
    """Keeps scores in `obs.kept_scores`, each time on a short connection of its own.

    Parameters
    ----------
    connect : callable
        Gives a connection of the store's owner: scores name no event and are found only by who can count the same.
    """

    def __init__(self, connect: Callable[[], Connection[Any]]) -> None:
        self._connect = connect

    def get(self, name: str) -> Rows | None:
        """Return what was put under this name, or None."""
        with self._connect() as connection:
            row = connection.execute("SELECT scores FROM obs.kept_scores WHERE key = %s", [name]).fetchone()
        return None if row is None else {(model, origin): scores for model, origin, scores in json.loads(row[0])}

    def put(self, name: str, rows: Rows) -> None:
        """Keep scores under a name, and let those of a month ago go."""
        text = json.dumps([[model, origin, scores] for (model, origin), scores in rows.items()])
        with self._connect() as connection:
            connection.execute("DELETE FROM obs.kept_scores WHERE made < now() - make_interval(days => %s)", [DAYS])
            connection.execute(
                "INSERT INTO obs.kept_scores (key, scores) VALUES (%s, %s) ON CONFLICT DO NOTHING", [name, text]
            )
