"""A city: the model of `cities/<city>.yml`."""

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

import yaml
from pydantic import Field, ValidationError, field_validator
from pyproj import CRS
from pyproj.exceptions import CRSError

from observatoire.basemap import Basemap
from observatoire.data import find
from observatoire.errors import BadSettings
from observatoire.layers.model import Model
from observatoire.risk.place_types import check_type
from observatoire.settings import settings
from observatoire.text import Text

if TYPE_CHECKING:
    from observatoire.risk.calendar import Calendar


class GridSettings(Model):
    """The square grid on which forecasts are made."""

    cell: float = Field(gt=0, description="Side of a cell, m")
    over: Literal["divisions", "signalements", "extent"] = Field(
        description="Cells are kept where this lies: inside the divisions, around the reports, or the whole extent"
    )


class SourceSettings(Model):
    """One source of a city: a module of `etl/sources`, or a connector used directly, with its options."""

    source: str | None = Field(default=None, description="Name of a registered source")
    connector: str | None = Field(default=None, description="Name of a registered connector")
    collection: str | None = None
    file: str | None = Field(default=None, description="Looked for in OBS_DATA first (any depth)")
    address: str | None = Field(default=None, description="Where to fetch it otherwise")
    options: dict[str, Any] = Field(default_factory=dict)
    max_age: timedelta | None = Field(
        default=None, ge=timedelta(0), description="Older than this, what we have of it is said to be stale: P2D"
    )
    whole: bool = Field(
        default=False, description="Each load holds all its rows: a refused one that is not there is gone"
    )


class ForecastSettings(Model):
    """A forecast that `make demo` and the nightly job make."""

    target: str
    horizon_days: int = Field(default=7, ge=1, le=92)
    places: tuple[str, ...] = Field(
        default=(), description="Types of places whose distance and density the model may use: [bar, gare]"
    )

    @field_validator("places")
    @classmethod
    def _allowed(cls, places: tuple[str, ...]) -> tuple[str, ...]:
        for kind in places:
            check_type(kind)
        return places


class CalendarSettings(Model):
    """Whose public and school holidays forecasts take account of."""

    country: str = Field(default="FR", description="ISO 3166 code, or code and subdivision: FR, FR-57")
    school_zone: Literal["A", "B", "C"] | None = Field(default=None, description="French zone of school holidays")


class City(Model):
    """Everything that differs from city to city."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    title: Text
    simulated: bool = False
    frozen: bool = Field(default=False, description="Its data end one day in the past: nothing ages any more")
    insee: tuple[str, ...] = ()
    crs: str
    time_zone: str
    languages: tuple[Literal["fr", "en"], ...] = ("fr", "en")
    extent: tuple[float, float, float, float] = Field(description="west, south, east, north, degrees (CRS84)")
    grid: GridSettings
    sources: dict[str, SourceSettings]
    forecasts: tuple[ForecastSettings, ...] = ()
    calendar: CalendarSettings | None = None
    basemap: Basemap | None = Field(default=None, description="Map of others that a reader may ask for: plan-ign")

    @field_validator("crs")
    @classmethod
    def _projected(cls, crs: str) -> str:
        try:
            known = CRS.from_user_input(crs)
        except CRSError:
            raise ValueError(f"crs: expected EPSG:n, got {crs!r}") from None
        if not known.is_projected or known.to_epsg() is None or known.axis_info[0].unit_name != "metre":
            raise ValueError(f"crs: expected a projected CRS in metres, got {crs}")
        return f"EPSG:{known.to_epsg()}"

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError(f"time_zone: expected a name like Europe/Paris, got {zone!r}")
        return zone

    def places_for(self, target: str, horizon_days: int) -> tuple[str, ...]:
        """Return the types of places that the city's own forecast of a collection and horizon uses."""
        return next((f.places for f in self.forecasts if (f.target, f.horizon_days) == (target, horizon_days)), ())

    @property
    def holidays(self) -> "Calendar | None":
        """Calendar of the city, where its file names one."""
        from observatoire.risk.calendar import Calendar  # late: numpy and the holidays' tables

        return None if self.calendar is None else Calendar(self.calendar.country, self.calendar.school_zone)

    @property
    def past(self) -> bool:
        """Whether its data end one day: what is kept for a time is then counted from the newest item, not from now."""
        return self.simulated or self.frozen

    @property
    def srid(self) -> int:
        """Number of the city's CRS at EPSG."""
        return int(self.crs.removeprefix("EPSG:"))

    @property
    def zone(self) -> ZoneInfo:
        """Time zone in which times are shown and naive times read."""
        return ZoneInfo(self.time_zone)


def read_city(path: Path) -> City:
    """Read a city's file.

    Raises
    ------
    BadSettings
        If there is none, or it does not follow the model; the text says where.
    """
    path = find(path)
    try:
        return City.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except FileNotFoundError:
        raise BadSettings(f"OBS_CITY: no file {path.name}; the cities are in cities/") from None
    except yaml.YAMLError as error:
        raise BadSettings(f"{path.name}: not YAML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise BadSettings(f"{path.name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


@cache
def city() -> City:
    """Return the city that this process serves (`OBS_CITY`)."""
    return read_city(settings().city)
