"""Moments that a client writes: RFC 3339, with their offset."""

from datetime import datetime

from observatoire.errors import BadInput


def aware_moment(field: str, text: str | None) -> datetime | None:
    """Return the moment that a field says; None of None.

    Raises
    ------
    BadInput
        If it is no date and time, or has no offset.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadInput(f"{field}: expected a moment with its offset, like 2026-01-31T06:00:00+01:00")
    return moment
