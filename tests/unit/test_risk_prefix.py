"""Pasts told apart by their digests, looked at once, and fits in threads: nothing of it changes a byte."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from observatoire.executor.threads import Threads, processors
from observatoire.risk import forecast as forecasts
from observatoire.risk.grid import Grid
from observatoire.risk.prefix import MOST, checked, digest, mark_checked, prefix
from observatoire.risk.self_exciting import SelfExciting

pytestmark = pytest.mark.unit

GRID = Grid.covering((0, 0, 2500, 2500), cell=250, crs="EPSG:2154")


def table(seed: int, n: int = 40) -> sparse.csc_array:
    return sparse.csc_array(np.random.default_rng(seed).poisson(0.4, (100, n)).astype(float))


def test_the_digest_of_a_beginning_is_that_of_a_table_with_these_columns() -> None:
    whole = table(0)
    asked = [30, 5, 17, 40, 0, 17]  # in any order

    found = [digest(whole, n) for n in asked]

    apart = [digest(sparse.csc_array(whole.toarray()[:, :n])) for n in asked]
    assert found == apart == [digest(prefix(whole, n)) for n in asked]
    assert len(set(found)) == 5


def test_another_value_another_place_or_another_height_is_another_table() -> None:
    dense = table(0).toarray()
    other, moved = dense.copy(), dense.copy()
    other[3, 7] += 1
    moved[:, 0] = np.roll(moved[:, 0], 1)
    higher = np.vstack([dense, np.zeros((1, 40))])

    digests = {digest(sparse.csc_array(each)) for each in (dense, other, moved, higher, dense[:, ::-1])}

    assert len(digests) == 5


def test_what_was_looked_at_is_known_of_its_beginnings_and_forgotten_with_it() -> None:
    whole = table(1)
    assert not checked(whole)
    mark_checked(whole)

    assert checked(prefix(whole, 10))
    assert checked(prefix(prefix(whole, 10), 5))
    assert not checked(table(1))
    assert not checked(whole.toarray())
    kept = [table(seed) for seed in range(2, 3 + MOST)]
    for each in kept:
        digest(each)
    assert not checked(whole)


def test_a_table_that_was_never_looked_at_is_refused_where_it_is_no_count() -> None:
    model = SelfExciting(grid=GRID).fit(table(0))
    bad = table(0)
    bad.data[0] = -1.0

    with pytest.raises(ValueError, match="Negative values"):
        SelfExciting(grid=GRID).fit(bad)
    with pytest.raises(ValueError, match="is expecting 40 features"):
        model.predict(prefix(table(0), 39))


def test_threads_answer_in_the_order_of_the_tasks_and_pass_errors_on() -> None:
    told: list[int] = []

    assert Threads(3).map(lambda n: n * n, range(20), lambda done, _, __: told.append(done)) == [
        n * n for n in range(20)
    ]
    assert told == list(range(1, 21))
    with pytest.raises(ZeroDivisionError):
        Threads(2).map(lambda n: 1 // n, [1, 0])
    with pytest.raises(ValueError, match="workers must be >= 1"):
        Threads(0)
    assert processors() >= 1


def test_threads_leave_the_filters_of_warnings_as_they_were() -> None:
    before = list(warnings.filters)

    def quiet(_: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")

    Threads(4).map(quiet, range(200))

    assert list(warnings.filters) == before


def test_the_number_of_threads_changes_no_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    xy = np.where(
        rng.random(3000)[:, None] < 0.7, rng.normal([800, 1700], 250, (3000, 2)), rng.uniform(0, 2500, (3000, 2))
    )
    dates = pd.Timestamp("2024-06-03") - pd.to_timedelta(rng.integers(1, 500 * 24, 3000), unit="h")
    made = []
    for n in (1, 3):
        monkeypatch.setattr(forecasts, "processors", lambda n=n: n)
        made.append(forecasts.forecast(xy, dates, GRID, as_of="2024-06-03"))

    one, three = made
    assert one.answer != "abstains"
    assert one.frame.to_csv() == three.frame.to_csv()
    assert one.card == three.card
