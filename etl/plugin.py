"""The built-in sources and connectors, registered through the hooks that a partner's package uses."""

from etl.connectors import (
    cifs,
    csv,
    datagouv,
    datex,
    excel,
    folder,
    geocode,
    geofile,
    geoparquet,
    geotiff,
    gtfs,
    ics,
    litteralis,
    oapif,
    opendatasoft,
    postgres,
    wfs,
    wzdx,
)
from etl.sources import agenda, arrondissements, chicago_311, grid, public_facts, register, simulated, simulated_town
from observatoire.hooks import impl
from observatoire.intake.source import Connector, Source

CONNECTORS = (
    cifs, csv, datagouv, datex, excel, folder, geocode, geofile, geoparquet, geotiff, gtfs, ics, litteralis, oapif,
    opendatasoft, postgres, wfs, wzdx,
)  # fmt: skip


@impl
def obs_connectors() -> list[Connector]:
    """Return the connectors of `etl/connectors`."""
    return [module.CONNECTOR for module in CONNECTORS]


@impl
def obs_sources() -> list[Source]:
    """Return the sources of `etl/sources`."""
    return [
        agenda.SOURCE,
        arrondissements.SOURCE,
        chicago_311.SOURCE,
        grid.SOURCE,
        public_facts.SOURCE,
        register.SOURCE,
        *simulated.SOURCES,
        *simulated_town.SOURCES,
    ]
