"""`obs forecast`: from the store, or from files without any store."""

from pathlib import Path
from typing import Annotated, Any

import typer

from observatoire.cities import ForecastSettings, city
from observatoire.commands.base import Format, Output, ready_store, show, stepping
from observatoire.errors import BadInput
from observatoire.risk.place_types import check_type


def forecast(
    *,
    events: Annotated[
        Path | None, typer.Option(help="CSV id,date,lon,lat[,category], GeoParquet or a folder of it; unset: the store")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(help="Moment after which nothing is looked at; with several origins, the last")
    ] = None,
    origins: Annotated[int, typer.Option(min=1, help="Number of origins")] = 1,
    step: Annotated[str, typer.Option(help="Time between origins, e.g. 7d")] = "7d",
    horizon: Annotated[str, typer.Option(help="Length of the period, e.g. 7d")] = "7d",
    cell: Annotated[float | None, typer.Option(help="Side of a cell, m; default 250, with nij 150")] = None,
    cells: Annotated[Path | None, typer.Option(help="CSV cell_id,x_min,y_min of the grid")] = None,
    crs: Annotated[str | None, typer.Option(help="EPSG:n, projected, of the grid and of --cells")] = None,
    tz: Annotated[str, typer.Option(help="Zone of naive times and of --as-of")] = "UTC",
    mapping: Annotated[str, typer.Option("--map", help="property=column[,property=column…]")] = "",
    category: Annotated[str | None, typer.Option(help="Only events of this category")] = None,
    shift: Annotated[str | None, typer.Option(help="Hours of the day, e.g. 21-05; from the store needs --out")] = None,
    places: Annotated[
        str | None, typer.Option(help="CSV type,lon,lat of places nearby; from the store types, e.g. bar,gare")
    ] = None,
    calendar: Annotated[str | None, typer.Option(help="FR, FR-57, or FR:B with its school zone; with --events")] = None,
    out: Annotated[Path | None, typer.Option(help="GeoParquet to write; needed with --events and with --shift")] = None,
    target: Annotated[str | None, typer.Option(help="Collection to forecast; default: the city's own list")] = None,
    protocol: Annotated[str | None, typer.Option(help="nij: five horizons, a flagged area, PAI and PEI*")] = None,
    area: Annotated[float, typer.Option(help="Flagged area, square miles, with --protocol nij")] = 0.5,
    output: Output = Format.text,
) -> None:
    """Forecast the next period by cell, and say how good such forecasts have been."""
    if protocol not in (None, "nij"):
        raise BadInput(f"--protocol: expected nij, got {protocol!r}")
    for name, given in {"--protocol": protocol, "--calendar": calendar}.items():
        if given is not None and events is None:
            raise BadInput(f"{name}: needs --events")
    for name, given in {"--shift": shift, "--places": places, "--calendar": calendar}.items():
        if given is not None and protocol:
            raise BadInput(f"{name}: not known to --protocol {protocol}")
    if events is None:
        _from_store(target, as_of, horizon, output, shift=shift, places=places, out=out)
        return
    for name, value in (("--out", out), ("--as-of", as_of)):
        if value is None:
            raise BadInput(f"{name}: needed with --events")
    if protocol:
        _nij(
            events, as_of=str(as_of), cell=cell, area=area, out=out or Path(), origins=origins, cells=cells, crs=crs,
            tz=tz, mapping=parse_map(mapping), category=category, output=output,
        )  # fmt: skip
        return
    from observatoire.forecasts.files import forecast_files  # late: scikit-learn takes seconds to load

    with stepping("forecast") as progress:
        summary = forecast_files(
            events, as_of=str(as_of), horizon=horizon, cell=250.0 if cell is None else cell, out=out or Path(),
            origins=origins, step=step, cells=cells, crs=crs, tz=tz,
            mapping=parse_map(mapping), category=category, shift=shift, places=Path(places) if places else None,
            calendar=calendar,
            progress=progress,
        )  # fmt: skip
    show(summary, output, text=words(summary.get("card") or {}) + f"\nwritten: {out}")


def _nij(events: Path, *, cell: float | None, output: Format, **options: Any) -> None:
    from observatoire.forecasts.nij_files import CELL, markdown, nij_files  # late: scikit-learn takes seconds to load

    with stepping("forecast") as progress:
        summary = nij_files(events, cell=CELL if cell is None else cell, progress=progress, **options)
    show(summary, output, text=markdown(summary) + f"\nwritten: {options['out']}")


def _from_store(
    target: str | None, as_of: str | None, horizon: str, output: Format, *, shift: str | None, places: str | None,
    out: Path | None,
) -> None:  # fmt: skip
    from observatoire.forecasts.store import (  # late: scikit-learn takes seconds to load
        forecast_and_write,
        forecast_apart,
    )

    wanted = _wanted(target, horizon, places)
    if shift is not None and out is None:
        raise BadInput("--out: needed with --shift: the forecast of a shift is not kept in the store")
    if out is not None and len(wanted) != 1:
        raise BadInput("--target: --out holds one forecast; name its collection")
    cards: list[dict[str, Any]] = []
    with ready_store() as (store, _):
        for one in wanted:
            with stepping(one.target) as progress:
                if out is not None:
                    made = forecast_apart(store, city(), one, as_of=as_of, shift=shift, out=out, progress=progress)
                else:
                    made = forecast_and_write(store, city(), one, as_of=as_of, progress=progress)
                cards.append(made)
    show({"forecasts": cards}, output, text="\n".join(words(card) for card in cards))


def _wanted(target: str | None, horizon: str, places: str | None) -> list[ForecastSettings]:
    """Return the forecasts that are asked for: the city's own, or one of a collection."""
    kinds = None if places is None else tuple(kind.strip() for kind in places.split(",") if kind.strip())
    try:
        for kind in kinds or ():
            check_type(kind)
    except ValueError as error:
        raise BadInput(f"--{error}") from None
    days = days_of(horizon)
    near = city().places_for(target or "", days) if kinds is None else kinds
    wanted = [ForecastSettings(target=target, horizon_days=days, places=near)] if target else list(city().forecasts)
    if not wanted:
        raise BadInput("--target: the city's file lists no forecast")
    return wanted if target or kinds is None else [one.model_copy(update={"places": kinds}) for one in wanted]


def days_of(horizon: str) -> int:
    """Return the number of days of `7d` or `2w`."""
    number, unit = horizon[:-1], horizon[-1:]
    if not number.isdigit() or unit not in ("d", "w"):
        raise BadInput(f"--horizon: expected e.g. 7d or 2w, got {horizon!r}")
    return int(number) * (7 if unit == "w" else 1)


def parse_map(text: str) -> dict[str, str]:
    """Return `property=column,…` as a dictionary."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if any(not sign or not name.strip() or not column.strip() for name, sign, column in pairs):
        raise BadInput(f"--map: expected property=column[,property=column…], got {text!r}")
    return {name.strip(): column.strip() for name, _, column in pairs}


def words(card: dict[str, Any]) -> str:
    """Return a card in one sentence."""
    said: dict[str, str] = card.get("words") or {}
    return said.get("en", "")
