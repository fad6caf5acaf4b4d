"""The benchmark kit: a good model is scored, a bad one is told why, none sees the future. And the NIJ protocol."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import Transformer

from observatoire.benchkit.errors import BadModel
from observatoire.benchkit.files import bench_files
from observatoire.benchkit.run import markdown
from observatoire.benchkit.theirs import Theirs
from observatoire.errors import BadInput, SourceUnavailable
from observatoire.forecasts.nij_files import nij_files
from observatoire.risk.clairvoyant import clairvoyant
from observatoire.risk.counts import count
from observatoire.risk.grid import Grid
from observatoire.risk.protocol import NIJ, area_score, flag_first

pytestmark = pytest.mark.unit

TO_DEGREES = Transformer.from_crs("EPSG:2154", "OGC:CRS84", always_xy=True)
START = np.datetime64("2024-01-01", "us")
WEEK = np.timedelta64(7, "D")
GRID = Grid.covering((0, 0, 3000, 3000), cell=250, crs="EPSG:2154")
HEAD = "import numpy as np\nclass M:\n    def fit(self, X):\n        self.n = X.shape\n        return self\n"


def rows(weeks: int = 30, per_week: float = 60, *, side: float = 250.0, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.3, size=400)
    n = rng.poisson(per_week * weeks)
    cell = rng.choice(400, size=n, p=rate / rate.sum())
    xy = np.column_stack([cell % 20, cell // 20]) * side + rng.uniform(5, side - 5, (n, 2)) + (892_050, 6_246_000)
    lon, lat = TO_DEGREES.transform(xy[:, 0], xy[:, 1])
    date = pd.Timestamp("2024-06-03") - pd.to_timedelta(rng.integers(1, 7 * weeks + 1, n), unit="D")
    return pd.DataFrame({"id": [f"e{k}" for k in range(n)], "date": date.strftime("%Y-%m-%d"), "lon": lon, "lat": lat})


def predicts(line: str) -> str:
    """Return a model file whose `predict` is one line."""
    return f"{HEAD}    def predict(self, X):\n        {line}\nmodel = M()\n"


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.csv"
    rows().to_csv(path, index=False)
    return path


@pytest.fixture
def model(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "my.py"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    path = tmp_path / "cells.csv"
    x, y = np.meshgrid(892_050 + 250 * np.arange(20), 6_246_000 + 250 * np.arange(20))
    pd.DataFrame({"cell_id": [f"m{k}" for k in range(400)], "x_min": x.ravel(), "y_min": y.ravel()}).to_csv(
        path, index=False
    )
    return path


def bench(events: Path, cells: Path, model: Path | None = None, **options: Any) -> dict[str, Any]:
    return bench_files(events, model=model, cells=cells, crs="EPSG:2154", **options)


def test_our_count_written_by_somebody_else_scores_as_our_count(events: Path, cells: Path, model: Any) -> None:
    """The same formula in twenty lines of numpy: every figure of the two rows is the same."""
    text = HEAD.replace("self.n = X.shape", "self.level = X[:, -8:].sum() / min(8, X.shape[1])") + (
        "    def predict(self, X):\n        s = X[:, -52:].sum(axis=1)\n"
        "        return self.level * (0.9 * s / s.sum() + 0.1 / len(s))\nmodel = M()\n"
    )

    found = bench(events, cells, model(text), as_of="2024-06-03")

    theirs, ours = found["models"][0], found["models"][1]
    assert (theirs["model"], ours["model"]) == ("yours: my.py", "count 1 year")
    for name in ("pai", "pei2", "deviance", "log_score", "crps", "brier", "total_in_90", "hits2"):
        assert theirs[name] == pytest.approx(ours[name]), name
    assert theirs["gain"]["relative"] == pytest.approx(0)
    assert found["origins"] == 22  # of 30 weeks: eight before the first
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert "| yours: my.py |" in markdown(found)


def test_the_worked_example_of_the_documentation_runs(events: Path, cells: Path) -> None:
    found = bench(events, cells, Path("docs/my_model.py"))

    assert found["models"][0]["pai"]["2"] > 1


def test_a_short_history_needs_no_cells_of_its_own(events: Path) -> None:
    """Thirty weeks: eight of past, 22 tested, on the cells of the events of the first eight."""
    found = bench_files(events, model=None, crs="EPSG:2154")

    early = rows()[lambda frame: pd.to_datetime(frame["date"]) < "2024-01-01"]
    to_metres = Transformer.from_crs("OGC:CRS84", "EPSG:2154", always_xy=True)
    xy = np.column_stack(to_metres.transform(early["lon"], early["lat"]))
    assert found["origins"] == 22
    assert found["cells"] == Grid.of_events(xy, cell=250, crs="EPSG:2154").n_cells


def test_a_model_is_sent_the_past_alone(events: Path, cells: Path, model: Any, tmp_path: Path) -> None:
    """What it is given never reaches into the tested week: it writes down every shape that it sees."""
    log = tmp_path / "seen.txt"
    path = model(
        HEAD.replace("self.n = X.shape", f"open({str(log)!r}, 'a').write(f'{{X.shape[1]}} {{int(X.sum())}}\\n')")
        + "    def predict(self, X):\n        return np.ones(len(X))\nmodel = M()\n"
    )
    frame = rows()
    bench(events, cells, path, as_of="2024-06-03")
    seen = [tuple(map(int, line.split())) for line in log.read_text().splitlines()]

    asked = seen[:22]
    assert [n for n, _ in asked] == list(range(8, 30))
    weeks = (pd.Timestamp("2024-06-03") - pd.to_datetime(frame["date"])).dt.days.sub(1).floordiv(7)
    for n, total in asked:
        assert total == int((weeks >= 30 - n).sum())


def test_a_permuted_future_changes_no_forecast(model: Any) -> None:
    rng = np.random.default_rng(0)
    table = rng.poisson(0.5, (GRID.n_cells, 30)).astype(float)
    other = table.copy()
    other[:, 20:] = rng.permutation(other[:, 20:])
    path = model(HEAD + "    def predict(self, X):\n        return X.sum(axis=1) + 0.1\nmodel = M()\n")
    told = []
    for one in (table, other):
        cells, weeks = np.nonzero(one)
        dates = START + weeks * WEEK
        counts = count(cells, dates, GRID.n_cells, end=START + 30 * WEEK, period=7)
        with Theirs(path, forbidden=Path("none.csv"), grid=GRID) as theirs:
            told.append(theirs.forecast(counts.table[:, :20])[0].expected.tolist())

    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n", r"make\(grid, steps\) or an object named model"),
        ("def broken(:\n", "SyntaxError"),
        ("raise OSError('no licence')\n", "no licence"),
        ("import os\nos._exit(3)\n", "ended without an answer"),
        (predicts("raise RuntimeError('boom')"), "RuntimeError: boom"),
        (predicts("return np.ones(3)"), r"shape \(400,\).*got \(3,\)"),
        (predicts("return np.ones((len(X), 1))"), r"got \(400, 1\)"),
        (predicts("return np.full(len(X), np.nan)"), "400 values that are NaN"),
        (predicts("return np.full(len(X), -1.0)"), "400 negative values"),
        (predicts("return np.zeros(len(X))"), "nothing but zeros"),
        (predicts("return ['a'] * len(X)"), "ValueError"),
        (predicts("return np.random.rand(len(X))"), "gave another forecast"),
        (
            HEAD + "    def predict(self, X):\n        return np.ones(len(X))\n"
            "    def predictive(self, X):\n        return 3\nmodel = M()\n",
            "predictive must return",
        ),
    ],
    ids=[
        "nothing", "syntax", "import", "dies", "raises", "short", "column", "nan", "negative", "zeros", "text",
        "random", "predictive",
    ],
)  # fmt: skip
def test_a_bad_model_is_told_what_is_wrong(events: Path, cells: Path, model: Any, text: str, said: str) -> None:
    with pytest.raises(BadModel, match=said):
        bench(events, cells, model(text))


def test_the_events_file_is_not_for_the_model(events: Path, cells: Path, model: Any) -> None:
    path = model(
        f"import numpy as np, pandas as pd\nclass M:\n    def fit(self, X):\n        pd.read_csv({str(events)!r})\n"
        "        return self\n    def predict(self, X):\n        return np.ones(len(X))\nmodel = M()\n"
    )

    with pytest.raises(BadModel, match="holds the future"):
        bench(events, cells, path)


def test_a_distribution_of_their_own_is_scored(events: Path, cells: Path, model: Any) -> None:
    path = model("import numpy as np\nfrom observatoire.risk.baselines import CountLastYear\nmodel = CountLastYear()\n")

    theirs, ours = bench(events, cells, path)["models"][:2]

    assert theirs["log_score"] == pytest.approx(ours["log_score"])
    assert theirs["total_in_90"] == ours["total_in_90"]


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"as_of": "soon"}, BadInput, "as_of"),
        ({"as_of": "2024-01-01"}, BadInput, "weeks of history"),
        ({"tz": "Mars/Olympus"}, BadInput, "no time zone"),
        ({"mapping": {"place": "x"}}, BadInput, "unknown property"),
    ],
)
def test_bad_options_are_refused(events: Path, cells: Path, options: dict, error: type, said: str) -> None:
    with pytest.raises(error, match=said):
        bench(events, cells, **options)


def test_missing_files_are_named(events: Path, cells: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match=r"no file nothing\.csv"):
        bench(tmp_path / "nothing.csv", cells)
    with pytest.raises(BadModel, match=r"no file nothing\.py"):
        bench(events, cells, tmp_path / "nothing.py")


def test_the_clairvoyant_does_not_see_the_week_that_it_is_asked_for() -> None:
    """A cell that is hot in that week alone is not found."""
    rng = np.random.default_rng(0)
    table = rng.poisson(0.2, (GRID.n_cells, 40)).astype(float)
    table[7, 20] = 500.0

    from scipy import sparse

    pai, _ = clairvoyant(sparse.csc_array(table), GRID, [20])

    assert pai[0] < 5


# ---------------------------------------------------------------------------------------------------------------- NIJ
def test_the_nij_limits_are_those_of_the_challenge() -> None:
    """62 500 and 360 000 square feet are squares of 250 and 600 feet."""
    area = Grid.covering((0, 0, 6000, 6000), cell=150, crs="EPSG:2154")

    NIJ.check(Grid.covering((0, 0, 6000, 6000), cell=250 * 0.3048, crs="EPSG:2154"), 0.25)
    NIJ.check(Grid.covering((0, 0, 6000, 6000), cell=600 * 0.3048, crs="EPSG:2154"), 0.75)
    for cell, flagged in ((76.0, 0.5), (183.0, 0.5), (150.0, 0.2), (150.0, 0.8)):
        with pytest.raises(ValueError, match="NIJ protocol wants"):
            NIJ.check(Grid.covering((0, 0, 6000, 6000), cell=cell, crs="EPSG:2154"), flagged)
    assert NIJ.cells(area, 0.5) * 150**2 <= 0.5 * 1609.344**2 < (NIJ.cells(area, 0.5) + 1) * 150**2


def test_pai_and_pei_star_by_hand() -> None:
    y = np.array([0.0, 4, 1, 3, 0, 0, 0, 0, 0, 0])

    found = area_score(flag_first(np.array([5.0, 9, 8, 1, 1, 1, 1, 1, 1, 1]), 2), y)

    assert found.pai == pytest.approx((4 + 1) / 8 / 0.2)
    assert found.pei == pytest.approx(5 / 7)


def test_nij_writes_flags_within_the_area_and_scores_five_horizons(tmp_path: Path) -> None:
    path = tmp_path / "events.csv.gz"
    path.write_bytes(gzip.compress(rows(weeks=60, side=150.0, per_week=90).to_csv(index=False).encode()))

    found = nij_files(path, as_of="2024-06-03", out=tmp_path / "o.parquet", crs="EPSG:2154", area=0.3)

    made = gpd.read_parquet(tmp_path / "o.parquet")
    assert sorted(made["horizon_days"].unique()) == [7, 14, 30, 61, 91]
    assert [row["horizon"] for row in found["scores"] if row["model"] == "flat"] == list(NIJ.horizons)
    flagged = made[made["flagged"]].groupby("horizon_days").apply(lambda part: part.geometry.area.sum())
    assert (flagged <= 0.3 * 1609.344**2).all()
    assert all(row["pai"] == pytest.approx(1) for row in found["scores"] if row["model"] == "flat")
    assert all(0 <= row["pei"] <= 1 for row in found["scores"])
    count_ = [row for row in found["scores"] if row["model"] == "count"]
    assert all(row["pai"] > 1 for row in count_)


def test_nij_refuses_what_is_outside_its_limits(events: Path, tmp_path: Path) -> None:
    for options in ({"cell": 250.0}, {"cell": 150.0, "area": 2.0}):
        with pytest.raises(BadInput, match="NIJ protocol wants"):
            nij_files(events, as_of="2024-06-03", out=tmp_path / "o.parquet", crs="EPSG:2154", **options)
