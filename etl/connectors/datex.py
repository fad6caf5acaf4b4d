"""DATEX II v3: roadworks of a SituationPublication, temporary orders of a TrafficRegulationPublication (DiaLog).

Cursor: the document's `ETag`.
"""

from etl.connectors import works
from observatoire.intake.options import Options
from observatoire.intake.source import Connector, Table
from observatoire.works.exchange.datex import read_datex

REQUEST = works.REQUEST


def fetch(address: str, options: Options) -> Table:
    """Open the document at an address; an object that is no works is a rejected row.

    Raises
    ------
    BadSource
        If it is another document.
    """
    return works.fetch_works(address, options, read_datex)


CONNECTOR = Connector("datex", fetch=fetch)
