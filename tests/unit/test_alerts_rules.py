"""Rules of alerts: a replayed year against an oracle, what a rule may say, what a reason says."""

from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import yaml

from observatoire.alerts import words
from observatoire.alerts.alert import Alert, same
from observatoire.alerts.crowded import crowds
from observatoire.alerts.evaluate import View, evaluate
from observatoire.alerts.items import Items, Lasting
from observatoire.alerts.rules import Count, Rules
from observatoire.errors import BadSettings
from observatoire.layers.alert_rules import alert_rules, codes_of
from observatoire.text import Text

pytestmark = pytest.mark.unit

PARIS = ZoneInfo("Europe/Paris")
REASON = {"fr": "{n} en {window}, {radius} m, {where}", "en": "{n} in {window}, {radius} m, {where}"}
COUNT = {
    "id": "many", "kind": "count", "title": {"fr": "Beaucoup", "en": "Many"}, "collection": "signalements",
    "theme": "espace-public/proprete", "at_least": 4, "radius": 150, "window": "P3D", "hours": ["20:00", "04:00"],
    "audience": ["coordination"], "reason": REASON,
}  # fmt: skip


def a_year(seed: int = 7, n: int = 20_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places drawn to eight spots and everywhere, at any minute of 2025, of two kinds."""
    rng = np.random.default_rng(seed)
    spots = rng.uniform(0, 2_000, (8, 2))
    near = spots[rng.integers(0, 8, n // 2)] + rng.normal(0, 60, (n // 2, 2))
    xy = np.vstack([near, rng.uniform(0, 2_000, (n - n // 2, 2))])
    minutes = rng.integers(0, 365 * 1440, n)
    wall = np.datetime64("2025-01-01T00:00", "us") + minutes.astype("timedelta64[m]")
    return xy, wall, np.array(["tag", "bruit"], dtype=object)[rng.integers(0, 2, n)]


def oracle(xy: np.ndarray, wall: np.ndarray, code: np.ndarray, end: np.datetime64) -> list[set[int]]:
    """Say the rule again, item by item, with loops and clocks only."""
    left = []
    for i in np.flatnonzero((wall > end - np.timedelta64(3, "D")) & (wall <= end)).tolist():
        moment = wall[i].astype(datetime)
        if code[i] == "tag" and (moment.hour >= 20 or moment.hour < 4):
            left.append(i)
    found = []
    while left:
        around = {i: {j for j in left if np.hypot(*(xy[i] - xy[j])) <= 150} for i in left}
        best = max(left, key=lambda i: (len(around[i]), -i))
        if len(around[best]) < 4:
            break
        found.append(around[best])
        left = [i for i in left if i not in around[best]]
    return found


def test_a_replayed_year_is_what_the_oracle_says() -> None:
    """Every other day of a year at noon: the same crowds, item by item."""
    (rule,) = Rules.model_validate({"rules": [COUNT]}).rules
    xy, wall, code = a_year()
    crowded = 0
    for day in range(1, 365, 2):
        as_of = datetime(2025, 1, 1, 12, tzinfo=PARIS) + timedelta(days=day)
        items = Items(np.arange(len(xy)), xy, wall, code, np.full(len(xy), -1), as_of)
        seen = evaluate([rule], View(as_of, {"signalements": items}, {"many": codes_of(rule)}))

        expected = oracle(xy, wall, code, np.datetime64(as_of.replace(tzinfo=None)))

        assert sorted(sorted(a.evidence) for a in seen.alerts) == sorted(sorted(e) for e in expected)
        crowded += len(expected)
    assert crowded > 20


def test_hours_that_pass_midnight_are_one_night() -> None:
    wall = np.array(["2025-06-01T21:59", "2025-06-01T22:00", "2025-06-02T05:59", "2025-06-02T06:00"], "datetime64[us]")
    items = Items(np.arange(4), np.zeros((4, 2)), wall, np.array(["x"] * 4), np.zeros(4, int), datetime.now(PARIS))

    night = items.of(None, (time(22), time(6)))

    assert night.id.tolist() == [1, 2]


def test_the_reason_says_number_time_and_place() -> None:
    rules = Rules.model_validate({"rules": [COUNT | {"hours": None}]}).rules
    as_of = datetime(2025, 6, 2, tzinfo=PARIS)
    wall = np.full(5, np.datetime64("2025-06-01T12:00", "us"))
    items = Items(np.arange(5), np.zeros((5, 2)), wall, np.array(["tag"] * 5), np.zeros(5, int), as_of)

    (alert,) = evaluate(rules, View(as_of, {"signalements": items}, divisions=[("13001", "Le Port")])).alerts

    assert alert.reason == Text(fr="5 en 3 jours, 150 m, au Port", en="5 in 3 days, 150 m, in Le Port")
    assert (alert.division, alert.evidence, alert.figures) == ("13001", (0, 1, 2, 3, 4), {"n": 5})


def test_what_lasts_too_long_is_said_with_its_age() -> None:
    rules = [rule for rule in alert_rules() if rule.kind in ("open", "silent", "late")]
    now = datetime(2025, 6, 20, 12, tzinfo=PARIS)
    nine = [Lasting("B03", now - timedelta(days=9)), Lasting("B01", now - timedelta(hours=3))]
    view = View(
        now, open={"pannes-eclairage": [Lasting("CI001", now - timedelta(days=12), 4, (1.0, 2.0))]},
        silent={"mesures-bruit": nine}, late=[Lasting("allo", now - timedelta(hours=30))],
        as_of={"pannes-eclairage": now, "mesures-bruit": now},
    )  # fmt: skip

    said = [alert.reason.en for alert in evaluate(rules, view).alerts]

    assert "Circuit CI001 has been out for 12 days" in said
    assert "Sensor B03 has been silent for 9 days" in said
    assert "Source allo is late: last news 30 hours ago, more than the city allows" in said
    assert len(said) == 3


def test_a_rule_without_data_says_that_it_was_not_judged() -> None:
    rules = alert_rules()

    judged = evaluate(rules, View(datetime.now(PARIS)))

    assert judged.alerts == []
    assert set(judged.not_judged) == {rule.id for rule in rules if rule.kind != "late"}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"at_least": 2}, "at_least"),
        ({"radius": 5}, "radius"),
        ({"window": "P60D"}, "window"),
        ({"person": "x"}, "person"),
        ({"audience": []}, "audience"),
        ({"kind": "face"}, "kind"),
        ({"reason": {"fr": "{agent}", "en": "{agent}"}}, "reason names"),
    ],
)
def test_a_rule_says_only_what_a_rule_may_say(tmp_path: Path, change: dict[str, object], complaint: str) -> None:
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump([COUNT | change]), "utf-8")

    with pytest.raises(BadSettings, match=complaint):
        alert_rules(path)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"collection": "nothing"}, "no file layers/catalog/nothing.yml"),
        ({"audience": ["citizen"]}, "citizen may not see signalements exactly"),
        ({"collection": "faits", "theme": "faits", "audience": ["planner"]}, "planner may not see faits exactly"),
        ({"theme": "faits/biens"}, "theme: signalements is of espace-public"),
        ({"theme": "espace-public/nope"}, "no branch"),
        ({"theme": "espace-public/proprete/nope"}, "no code"),
        ({"collection": "divisions"}, "has no dates"),
    ],
)
def test_a_rule_fits_the_catalogue(tmp_path: Path, change: dict[str, object], complaint: str) -> None:
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump([COUNT | change]), "utf-8")

    with pytest.raises(BadSettings, match=complaint):
        alert_rules(path)


def test_the_rules_of_this_repository_fit() -> None:
    rules = alert_rules()

    assert len({rule.id for rule in rules}) == len(rules) >= 5
    assert all(not isinstance(rule, Count) or rule.at_least >= 3 for rule in rules)


def test_a_place_that_moves_a_little_is_the_same_place() -> None:
    now = datetime.now(PARIS)
    one = Text(fr="", en="")
    here, near, far = (Alert("r", "info", "c", f"{x}", one, one, now, now, place=(x, 0.0)) for x in (0.0, 100.0, 400.0))

    assert same(here, near, within=150)
    assert not same(here, far, within=150)
    assert not same(here, near, within=0)


def test_crowds_of_bad_input_are_refused() -> None:
    with pytest.raises(ValueError, match="radius"):
        crowds(np.zeros((3, 2)), np.arange(3), radius=0, at_least=3)
    with pytest.raises(ValueError, match="shape"):
        crowds(np.zeros((3, 3)), np.arange(3), radius=10, at_least=3)


def test_durations_are_said_in_whole_units() -> None:
    assert words.duration(timedelta(days=1)) == Text(fr="24 heures", en="24 hours")
    assert words.duration(timedelta(minutes=1)).en == "1 minute"
