"""`obs bench-forecast`: anybody's estimator under the frozen protocol."""

from pathlib import Path
from typing import Annotated

import typer

from observatoire.commands.base import Format, Output, show, stepping
from observatoire.commands.forecast import parse_map


def bench_forecast(
    *,
    events: Annotated[Path, typer.Option(help="CSV id,date,lon,lat[,category]")],
    model: Annotated[Path | None, typer.Option(help="Python file with make(grid, steps) or model")] = None,
    as_of: Annotated[
        str | None, typer.Option(help="End of the last tested week; default: after the last event")
    ] = None,
    cell: Annotated[float, typer.Option(help="Side of a cell, m")] = 250.0,
    cells: Annotated[Path | None, typer.Option(help="CSV cell_id,x_min,y_min of the grid")] = None,
    crs: Annotated[str | None, typer.Option(help="EPSG:n, projected, of the grid and of --cells")] = None,
    tz: Annotated[str, typer.Option(help="Zone of naive times and of --as-of")] = "UTC",
    mapping: Annotated[str, typer.Option("--map", help="property=column[,property=column…]")] = "",
    category: Annotated[str | None, typer.Option(help="Only events of this category")] = None,
    output: Output = Format.text,
) -> None:
    """Score an estimator of yours week by week beside the baselines (docs/bench-forecast.md)."""
    from observatoire.benchkit.files import bench_files  # late: scikit-learn takes seconds to load
    from observatoire.benchkit.run import markdown

    with stepping("bench") as progress:
        found = bench_files(
            events, model=model, as_of=as_of, cell=cell, cells=cells, crs=crs, tz=tz, mapping=parse_map(mapping),
            category=category, progress=progress,
        )  # fmt: skip
    show(found, output, text=markdown(found))
