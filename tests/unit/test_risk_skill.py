"""The evaluation and its card: documented by a schema, equal to the forecast's own card, blind to the future."""

import json

import jsonschema
import numpy as np
import pytest
import shapely

from observatoire.risk.evaluation import Evaluation, evaluate
from observatoire.risk.forecast import forecast
from observatoire.risk.grid import Grid
from observatoire.risk.labels import Labels
from observatoire.risk.simulate import SimulatedCity, simulate
from observatoire.risk.skill import skill_card
from observatoire.risk.skill_schema import schema

pytestmark = pytest.mark.unit

AS_OF = "2025-12-29"


@pytest.fixture(scope="module")
def city() -> SimulatedCity:
    return simulate(end="2026-01-01", years=0.8, scale=0.5)


@pytest.fixture(scope="module")
def grid(city: SimulatedCity) -> Grid:
    return Grid.covering(city.land, cell=1000, crs="EPSG:2154")


@pytest.fixture(scope="module")
def labels(city: SimulatedCity, grid: Grid) -> Labels:
    district = np.full(grid.n_cells, -1)
    for k, place in enumerate(city.divisions.geometry):
        district[shapely.contains_xy(place, *grid.centres.T)] = k
    nature = city.reports["nature"].to_numpy(dtype=object)
    return Labels(nature, np.ones(len(nature), dtype=bool), district, tuple(city.divisions["name"]))


@pytest.fixture(scope="module")
def evaluation(city: SimulatedCity, grid: Grid, labels: Labels) -> Evaluation:
    xy = city.reports[["x", "y"]].to_numpy()
    return evaluate(xy, city.reports["date"], grid, as_of=AS_OF, tz="Europe/Paris", labels=labels)


def test_the_card_follows_its_schema(evaluation: Evaluation) -> None:
    card = skill_card(evaluation, collection="signalements", sources={"reported": 10})

    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(json.loads(json.dumps(card, allow_nan=False)), schema())


def test_the_card_says_what_the_forecasts_own_card_says(
    city: SimulatedCity, grid: Grid, evaluation: Evaluation
) -> None:
    xy = city.reports[["x", "y"]].to_numpy()
    short = forecast(xy, city.reports["date"], grid, as_of=AS_OF, tz="Europe/Paris").card

    card = skill_card(evaluation, collection="signalements")

    assert (card["answer"], card["gain"], card["words"]) == (short["answer"], short["gain"], short["words"])
    for name, model in card["models"].items():
        assert model["pai"]["2"]["value"] == pytest.approx(short["pai"][name]["2"])
        assert model["brier"]["value"] == pytest.approx(short["brier"][name])
    assert card["as_of"] == short["as_of"]


def test_parts_add_up_to_the_whole(evaluation: Evaluation) -> None:
    card = skill_card(evaluation, collection="signalements")

    for kind in ("nature", "shift", "district"):
        assert sum(part["events"] for part in card["parts"][kind]) == pytest.approx(card["events_scored"], rel=0.02)
    assert sum(part["events"] for part in card["parts"]["shift"]) == card["events_scored"]
    for kind in ("nature", "shift"):
        rates = [part["hit_rate"]["value"] * part["events"] for part in card["parts"][kind]]
        assert sum(rates) / card["events_scored"] == pytest.approx(
            card["models"][card["served"]]["hit_rate"]["2"]["value"], abs=0.02
        )


def test_intervals_hold_their_value_and_curves_climb_to_one(evaluation: Evaluation) -> None:
    card = skill_card(evaluation, collection="signalements")

    for model in card["models"].values():
        pai = model["pai"]["2"]
        assert pai["lower"] <= pai["value"] <= pai["upper"]
    for curve in card["hit_curve"]["hit_rate"].values():
        assert curve == sorted(curve)
        assert curve[-1] == pytest.approx(1)
    assert card["hit_curve"]["hit_rate"]["flat"] == pytest.approx(card["hit_curve"]["area"])


def test_a_permuted_future_changes_no_card(city: SimulatedCity, grid: Grid, evaluation: Evaluation) -> None:
    xy, dates = city.reports[["x", "y"]].to_numpy(), city.reports["date"]
    later = np.flatnonzero((dates >= "2025-11-03").to_numpy())
    moved = xy.copy()
    moved[later] = xy[np.random.default_rng(0).permutation(later)] + 700

    cards = [
        skill_card(evaluate(places, dates, grid, as_of="2025-11-03", origins=10), collection="c")
        for places in (xy, moved)
    ]

    assert len(later) > 1000
    assert json.dumps(cards[0]) == json.dumps(cards[1])


def test_origins_further_apart_are_every_other_one(city: SimulatedCity, grid: Grid) -> None:
    xy, dates = city.reports[["x", "y"]].to_numpy(), city.reports["date"]

    every, other = (evaluate(xy, dates, grid, as_of=AS_OF, origins=n, step=s) for n, s in ((9, "7d"), (5, "14d")))

    assert other.scores.loc["model"]["pai2"].tolist() == every.scores.loc["model"]["pai2"].tolist()[::2]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"origins": 0}, "origins must be 1 to 104"),
        ({"origins": 105}, "origins must be 1 to 104"),
        ({"step": "3d"}, "step must be at least the horizon"),
        ({"step": "10d"}, "whole periods"),
        ({"horizon": "0d"}, "1 to 366 days"),
        ({"labels": Labels(timed=np.ones(3, dtype=bool))}, r"labels.timed has 3 rows"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(city: SimulatedCity, grid: Grid, options: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        evaluate(city.reports[["x", "y"]].to_numpy(), city.reports["date"], grid, as_of=AS_OF, **options)


def test_too_little_is_a_card_that_abstains(grid: Grid) -> None:
    made = evaluate(grid.centres[:1], ["2025-12-20"], grid, as_of=AS_OF)

    card = skill_card(made, collection="c")

    assert (card["answer"], card["origins"], card["series"]) == ("abstains", 0, [])
    jsonschema.validate(card, schema())


def test_a_feed_that_stopped_rings_on_the_card(city: SimulatedCity, grid: Grid) -> None:
    """A month without reports before the origin: stale, and the outage alarm says since when."""
    kept = city.reports[city.reports["date"] < "2025-11-29"]

    card = skill_card(evaluate(kept[["x", "y"]].to_numpy(), kept["date"], grid, as_of=AS_OF), collection="c")

    assert card["code"] == "stale-data"
    (outage,) = card["alarms"]
    assert outage["state"] == "rings"
    assert outage["detail"]["gaps"][-1]["start"] == "2025-11-29"
    jsonschema.validate(card, schema())
