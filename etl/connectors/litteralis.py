"""Litteralis: footprints of acts from its WFS, page by page, as GeoJSON.

Cursor: none; the service has no order in time. Its checks are ours: an act that ends before it starts is rejected.
"""

from etl.connectors import works
from etl.connectors.features import Count, asked, features_of, whole
from observatoire.intake import credentials
from observatoire.intake.http import Answer, Client
from observatoire.intake.options import Options
from observatoire.intake.source import Connector, Table
from observatoire.works.exchange.litteralis import read_litteralis

REQUEST = {
    "type": "name of the feature type; default: litteralis:litteralis",
    "cql_filter": "filter of GeoServer",
    "count": "features a page, 1–10000; default: 1000",
    **works.REQUEST,
}


def fetch(address: str, options: Options) -> Table:
    """Open the service at the address of its requests.

    Raises
    ------
    SourceUnavailable
        If its data change while they are read.
    BadSource
        If an answer is no collection of features.
    """
    request = works.checked(asked(options, REQUEST))
    client = Client(address, headers=credentials.credentials(request))
    size = whole(request, "count", 1000, 10_000)
    params = {
        "SERVICE": "WFS", "VERSION": "2.0.0", "REQUEST": "GetFeature", "outputFormat": "application/json",
        "TYPENAMES": request.get("type", "litteralis:litteralis"), "SORTBY": "idemprise", "count": str(size),
    }  # fmt: skip
    if "cql_filter" in request:
        params["cql_filter"] = request["cql_filter"]
    return works.table(list(_pages(client, params)), options, request, read_litteralis)


def _pages(client: Client, params: dict[str, str]) -> list[Answer]:
    """Return all pages: no more than the service says, none twice."""
    pages: list[Answer] = []
    count: Count | None = None
    while True:
        answer = client.get(params=params | {"startIndex": str(count.read if count else 0)})
        count = count or Count(answer.url.host)
        content = answer.json()
        found = features_of(content, answer.url.host)
        count.page(content.get("numberMatched", content.get("totalFeatures")), found)
        pages.append(answer)
        if not found or count.total is None or count.read >= count.total:
            break
    count.end()
    return pages


CONNECTOR = Connector("litteralis", fetch=fetch)
