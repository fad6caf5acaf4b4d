"""The contract with a source: what it was, and what counts as a change."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatoire.errors import BadSource
from observatoire.intake.contract import FEW, Contract, kind_of, retyped
from observatoire.intake.source import Record

pytestmark = pytest.mark.unit

SINCE = datetime(2026, 1, 5, tzinfo=UTC)
KINDS = ("integer", "number", "date", "text")
SAMPLES = {"integer": "12", "number": "43.25", "date": "2026-01-05", "text": "Vieux-Port"}


def after(values: list[str], recorded: dict[str, str] | None = None) -> dict[str, str]:
    contract = Contract(("a",), recorded, SINCE)
    assert len(list(contract.watch(iter([Record(n, {"a": v}, b"") for n, v in enumerate(values)])))) == len(values)
    return contract.settled()


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("12", "integer"), ("-3", "integer"), ("013", "integer"), ("4.5", "number"), ("4,5", "number"),
        ("1.5e3", "number"), ("2026-01-05", "date"), ("2018-10", "date"), ("05/01/2026 14:05", "date"),
        ("2026-01-05T14:05:06+02:00", "date"), ("tag", "text"), ("12 bis", "text"), ("2026-1", "text"),
    ],
)  # fmt: skip
def test_the_kind_of_a_column_is_that_of_its_values(value: str, kind: str) -> None:
    assert after([value] * FEW) == {"a": kind}


@pytest.mark.parametrize("was", KINDS)
@pytest.mark.parametrize("now", KINDS)
def test_a_retyped_column_stops_the_load(was: str, now: str) -> None:
    """Every change of kind does, but whole numbers where numbers were."""
    values, recorded = [SAMPLES[now]] * FEW, {"a": was}

    if was == now or (was, now) == ("number", "integer"):
        assert after(values, recorded) == recorded
    else:
        with pytest.raises(BadSource, match=rf"on 2026-01-05: column 'a' was {was}, is {now}.*--accept"):
            after(values, recorded)


def test_a_few_odd_values_are_refused_alone_and_change_nothing() -> None:
    assert after(["12"] * 60 + ["n.c."] * 40, {"a": "integer"}) == {"a": "integer"}
    with pytest.raises(BadSource, match="was integer, is mixed"):
        after(["12"] * 40 + ["n.c."] * 60, {"a": "integer"})


def test_few_values_tell_nothing_and_more_settle_it() -> None:
    assert after(["12"] * (FEW - 1) + [""] * 100) == {"a": "unknown"}
    assert after(["tag"] * (FEW - 1), {"a": "integer"}) == {"a": "integer"}
    assert after(["tag"] * FEW, {"a": "unknown"}) == {"a": "text"}


def test_columns_more_and_less_are_named() -> None:
    contract = Contract(("num", "temoin", "06 12 34 56 78"), {"num": "integer", "le": "date"}, SINCE)

    with pytest.raises(BadSource) as error:
        contract.check()

    assert "new column 'temoin'; new column (not shown); column 'le' is gone" in str(error.value)
    assert "34 56" not in str(error.value)


@given(st.lists(st.sampled_from(KINDS), min_size=FEW, max_size=200))
def test_what_a_load_recorded_the_same_load_again_keeps(kinds: list[str]) -> None:
    values = [SAMPLES[kind] for kind in kinds]
    first = after(values)

    assert after(values, first) == first


@given(st.sampled_from(KINDS), st.integers(0, 50), st.integers(FEW, 200))
def test_no_change_is_seen_where_at_least_half_the_values_are_as_they_were(was: str, odd: int, rest: int) -> None:
    counts = Counter({was: max(rest, odd)}) + Counter({"text" if was != "text" else "date": odd})

    assert not retyped(was, kind_of(counts), counts)
