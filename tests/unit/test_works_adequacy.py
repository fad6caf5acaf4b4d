"""Needs of events from their like: better than the last time, with the figures behind them."""

import numpy as np
import pandas as pd
import pytest

from observatoire.works.adequacy import NEEDS, PastEvents
from observatoire.works.errors import BadWork

pytestmark = pytest.mark.unit

KINDS = ("concert", "festival", "marche", "match", "manifestation", "course")


def simulated(n: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return events of 40 yearly series, oldest first, and their true mean needs.

    A need is a factor of its kind × attendance^0.8 × night × summer × a factor of the place; what is seen has
    log-normal noise of 30 %. Attendance of a series varies by half from one time to the next.
    """
    rng = np.random.default_rng(seed)
    factor = rng.lognormal(-2.5, 0.6, (len(KINDS), 5))
    series = pd.DataFrame({
        "kind": rng.integers(0, len(KINDS), 40), "size": rng.lognormal(6.5, 1.0, 40), "hour": rng.uniform(8, 23, 40),
        "month": rng.integers(1, 13, 40), "x": rng.uniform(0, 12_000, 40), "y": rng.uniform(0, 12_000, 40),
    })  # fmt: skip
    which = rng.integers(0, 40, n)
    events = series.iloc[which].reset_index(drop=True)
    events["series"] = which
    events["attendance"] = (events.pop("size") * rng.lognormal(0, 0.5, n)).round()
    gradient = np.exp((events["x"] + events["y"]) / 40_000)
    night, summer = 1 + 0.4 * (events["hour"] > 20), 1 + 0.3 * events["month"].isin([6, 7, 8])
    common = events["attendance"] ** 0.8 * night * summer * gradient
    truth = pd.DataFrame({name: factor[events["kind"], i] * common for i, name in enumerate((*NEEDS, "incidents"))})
    for name in truth:
        events[name] = (truth[name] * rng.lognormal(0, 0.3, n)).round()
    events["kind"] = [KINDS[k] for k in events["kind"]]
    events["id"] = [f"e{i:04}" for i in range(n)]
    return events, truth


@pytest.mark.parametrize("seed", range(4))
def test_neighbours_beat_the_same_as_last_time(seed: int) -> None:
    """Mean absolute error of ln(1 + need) against the true mean, 120 events after 380 that are known."""
    events, truth = simulated(500, seed)
    past = PastEvents(events.iloc[:380])
    ours, last_time = [], []
    for i in range(380, 500):
        before = events.iloc[:380]
        same = before[before["series"] == events["series"][i]]
        if same.empty:
            continue
        expected = past.expect(events.iloc[i].to_dict())
        for name in NEEDS:
            ours.append(abs(np.log1p(expected.loc[name, "expected"]) - np.log1p(truth[name][i])))
            last_time.append(abs(np.log1p(same[name].iloc[-1]) - np.log1p(truth[name][i])))

    assert len(ours) > 300
    assert np.mean(ours) < 0.8 * np.mean(last_time)


def test_adequacy_is_that_of_the_scarcest_means_and_the_figures_are_there() -> None:
    events, _ = simulated(200, 0)
    past = PastEvents(events)
    event = events.iloc[7].to_dict()
    needed = past.expect(event)["expected"]

    answer = past.adequacy(event, {"agents": needed["agents"] / 2, "barriers": needed["barriers"] * 3})

    assert answer.adequacy == pytest.approx(50)
    assert answer.scarcest == "agents"
    assert answer.needs.loc["barriers", "adequacy"] == 100
    assert np.isnan(answer.needs.loc["cleaning", "adequacy"])
    assert answer.neighbours["id"].iloc[0] == "e0007"  # itself, at distance 0
    assert answer.neighbours["distance"].is_monotonic_increasing
    assert (answer.needs["lower"] <= answer.needs["expected"]).all()
    assert (answer.needs["expected"] <= answer.needs["upper"]).all()


def test_risk_grows_with_missing_means_and_stays_within_ten() -> None:
    events, _ = simulated(200, 1)
    past = PastEvents(events)
    event = events.iloc[3].to_dict()
    needed = past.expect(event)["expected"]

    risks = [past.adequacy(event, {"agents": share * needed["agents"]}).risk for share in (2.0, 1.0, 0.5, 0.1, 0.0)]

    assert risks == sorted(risks)
    assert risks[0] == risks[1]
    assert risks[0] < risks[-1] <= 10


def test_no_means_said_is_unknown_not_zero() -> None:
    events, _ = simulated(50, 2)

    answer = PastEvents(events).adequacy(events.iloc[0].to_dict(), {})

    assert np.isnan(answer.adequacy)
    assert answer.scarcest is None


@pytest.mark.parametrize(
    ("field", "event", "planned"),
    [
        ("planned", {}, {"horses": 3}),
        ("planned", {}, {"agents": -1}),
        ("planned", {}, {"agents": float("nan")}),
        ("hour", {"hour": 25}, {}),
        ("month", {"month": 0}, {}),
        ("attendance", {"attendance": "many"}, {}),
        ("kind", {"kind": ""}, {}),
    ],
)
def test_bad_questions_are_refused_by_field(field: str, event: dict, planned: dict) -> None:
    events, _ = simulated(50, 2)

    with pytest.raises(BadWork, match=f"^{field}: "):
        PastEvents(events).adequacy(events.iloc[0].to_dict() | event, planned)


def test_bad_past_is_refused_by_column() -> None:
    events, _ = simulated(50, 2)

    with pytest.raises(BadWork, match=r"^agents: "):
        PastEvents(events.drop(columns="agents"))
    with pytest.raises(BadWork, match=r"^cleaning: "):
        PastEvents(events.assign(cleaning=np.nan))
    with pytest.raises(BadWork, match=r"^events: "):
        PastEvents(events.head(9))
