"""A page of items as PostGIS wrote it: text that nobody parses on the way to the client."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from observatoire.server.cursor import Keys
from observatoire.server.query import Query

Row = Sequence[str | None]


@dataclass(frozen=True)
class Page:
    """Features, in the query's order.

    Attributes
    ----------
    features : list of str
        GeoJSON features.
    last : tuple of str or None, optional
        Sort keys of the last feature where there are more; None on the last page.
    """

    features: list[str]
    last: Keys | None

    @property
    def json(self) -> str:
        """The features with commas between."""
        return ",".join(self.features)

    def parsed(self) -> list[dict[str, Any]]:
        """Return the features as Python objects: for what is not GeoJSON."""
        return [orjson.loads(feature) for feature in self.features]


def page_of(rows: Sequence[Row], query: Query) -> Page:
    """Return the page of the rows of `plan.page_plan`: the row beyond the limit only tells that there are more."""
    features = [row[0] or "null" for row in rows[: query.limit]]
    if len(rows) <= query.limit:
        return Page(features, None)
    return Page(features, tuple(rows[query.limit - 1][1:]))
