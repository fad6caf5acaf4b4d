"""What a comparison of two forecasts says, in a sentence."""

from __future__ import annotations

from .comparison import Comparison
from .texts import tr
from .weeks import Forecast


def changes(comparison: Comparison, before: Forecast, after: Forecast) -> str:
    """Return the change in all, and how much of it is sure."""
    return tr(
        "{before} → {after}: {total} expected in all; {apart} cells whose intervals of 90 % do not meet, {unknown} "
        "unknown, {only} in one of them only.",
        before=before.start[:10], after=after.start[:10], total=f"{comparison.total:+.1f}", apart=comparison.apart,
        unknown=comparison.unknown, only=comparison.only_before + comparison.only_after,
    )  # fmt: skip
