"""The simulated city."""

import numpy as np
import pandas as pd
import pytest
import shapely
from scipy import stats

from observatoire.risk.simulate import CELL, SimulatedCity, simulate

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def city() -> SimulatedCity:
    return simulate(end="2026-01-01", years=1.0)


def test_the_same_options_give_the_same_city(city: SimulatedCity) -> None:
    again = simulate(end="2026-01-01", years=1.0)

    assert again.reports.equals(city.reports)
    assert again.facts.equals(city.facts)
    assert again.divisions.equals(city.divisions)


def test_the_land_has_the_size_and_place_of_marseille(city: SimulatedCity) -> None:
    assert city.land.area / 1e6 == pytest.approx(240, abs=0.1)
    west, south, east, north = city.land.bounds
    assert 879_900 < west < east < 906_600
    assert 6_231_500 < south < north < 6_259_000


def test_divisions_are_a_partition_of_the_land(city: SimulatedCity) -> None:
    parts = city.divisions.geometry

    assert len(city.divisions) == city.divisions["id"].nunique() == city.divisions["name"].nunique() == 16
    assert parts.is_valid.all()
    assert parts.area.sum() == pytest.approx(city.land.area, rel=1e-6)
    assert parts.union_all().symmetric_difference(city.land).area < 1.0


def test_events_lie_on_the_land_in_the_asked_time(city: SimulatedCity) -> None:
    for events in (city.reports, city.facts):
        assert shapely.contains_xy(city.land, events["x"], events["y"]).all()
        assert events["date"].between(pd.Timestamp("2024-12-31", tz="UTC"), pd.Timestamp("2026-01-01", tz="UTC")).all()
        assert events["id"].is_unique
        assert events["date"].is_monotonic_increasing


def test_reports_are_reported_and_facts_partly_discovered(city: SimulatedCity) -> None:
    assert set(city.reports["origin"]) == {"reported"}
    assert (city.facts["origin"] == "discovered").mean() == pytest.approx(0.3, abs=0.03)


def test_the_intensity_integrates_to_the_expected_events(city: SimulatedCity) -> None:
    per_km2 = city.intensity(city.corners + CELL / 2, "2025-06-02", "2025-06-09")

    assert per_km2.sum() * (CELL / 1000) ** 2 == pytest.approx(city.expected("2025-06-02", "2025-06-09").sum())
    assert city.intensity([[0.0, 0.0]], "2025-06-02", "2025-06-09").tolist() == [0.0]


@pytest.mark.parametrize("which", [{"kind": "reports"}, {"kind": "facts", "origin": "discovered"}, {"nature": "tag"}])
def test_counts_are_poisson_around_the_true_intensity(city: SimulatedCity, which: dict[str, str]) -> None:
    """Pearson's statistic over 16 divisions × 12 months, of 192 degrees of freedom, is not extreme."""
    kind = which.get("kind", "reports")
    events = city.reports if kind == "reports" else city.facts
    for name in ("nature", "origin"):
        if name in which:
            events = events[events[name] == which[name]]
    tree = shapely.STRtree(city.divisions.geometry.to_numpy())
    where = tree.query(shapely.points(city.corners + CELL / 2), predicate="within")
    starts = pd.date_range("2025-01-01", periods=13, freq="MS", tz="UTC")
    point, division = tree.query(shapely.points(events["x"], events["y"]), predicate="within")
    month = np.searchsorted(starts, events["date"].iloc[point], side="right") - 1

    statistic, cells = 0.0, 0
    for k in range(12):
        rate = city.expected(starts[k], starts[k + 1], **which)  # type: ignore[arg-type]
        expected = np.bincount(where[1], rate[where[0]], minlength=16)
        seen = np.bincount(division[month == k], minlength=16)
        statistic += float(((seen - expected) ** 2 / expected).sum())
        cells += 16

    assert 0.001 < stats.chi2.cdf(statistic, cells) < 0.999


@pytest.mark.parametrize("options", [{"years": 0}, {"scale": -1.0}])
def test_nonsense_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="> 0"):
        simulate(**options)  # type: ignore[arg-type]
