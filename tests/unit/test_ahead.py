"""Calls behind the caller's back: one after the other, and none after one that failed."""

from threading import Event

import pytest

from observatoire.intake.ahead import Ahead

pytestmark = pytest.mark.unit


def test_calls_are_made_one_after_the_other() -> None:
    made: list[int] = []
    with Ahead() as ahead:
        for k in range(100):
            ahead(made.append, k)
        ahead.wait()

        assert made == list(range(100))


def test_what_a_call_raises_is_raised_and_no_call_is_made_after_it() -> None:
    made: list[str] = []
    queued = Event()

    def fail() -> None:
        queued.wait(10)
        raise OSError("the store went away")

    with Ahead() as ahead:
        ahead(fail)
        ahead(made.append, "behind it")
        queued.set()
        with pytest.raises(OSError, match="went away"):
            ahead.wait()
        ahead(made.append, "later")

    assert made == []
