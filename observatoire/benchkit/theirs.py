"""Somebody's estimator, run in a process of its own and checked at every forecast."""

import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from observatoire.benchkit.errors import BadModel
from observatoire.risk.arrays import Floats, Table
from observatoire.risk.grid import Grid
from observatoire.risk.level import past_levels, shock
from observatoire.risk.predictive import Predictive

WEEKS_OF_LEVEL = 8


class Theirs:
    """A running model file.

    Parameters
    ----------
    path : Path
        `my.py`.
    forbidden : Path
        The file of events: the model's process refuses to open a file of that name.
    grid : Grid
    steps : int, periods
    """

    def __init__(self, path: Path, *, forbidden: Path, grid: Grid, steps: int = 1) -> None:
        if not path.is_file():
            raise BadModel(f"model: no file {path.name}")
        self.grid = grid
        self.steps = steps
        self._folder = tempfile.TemporaryDirectory(prefix="obs-bench-")
        self._child = subprocess.Popen(
            [sys.executable, "-m", "observatoire.benchkit.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=self._folder.name,
        )
        self._send((str(path.resolve()), forbidden.name, grid, steps))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with _quietly():
                    pipe.close()
        self._folder.cleanup()

    def forecast(self, past: Table) -> tuple[Predictive, float]:
        """Return the forecast of the period after `past`, and its processor seconds.

        Raises
        ------
        BadModel
            If the model raises, dies, or gives a wrong shape, NaN, infinity, a negative number or nothing but zeros.
        """
        self._send(past)
        try:
            answer = pickle.load(self._child.stdout)  # type: ignore[arg-type]  # noqa: S301 (from our own child)
        except (EOFError, pickle.UnpicklingError):
            raise BadModel("model: its process ended without an answer") from None
        if isinstance(answer, str):
            raise BadModel(f"model: {answer[:500]}")
        expected = check(answer["expected"], self.grid.n_cells)
        if answer["spread"] is None:
            totals = np.asarray(past.sum(axis=0), dtype=float).ravel()
            own = shock(*past_levels(totals, memory=WEEKS_OF_LEVEL, steps=self.steps))
            return Predictive(np.maximum(expected, 1e-12), np.zeros(len(expected)), own), answer["seconds"]
        spread = check(answer["spread"], self.grid.n_cells, name="predictive.spread", zeros=True)
        if not (np.isfinite(answer["shock"]) and answer["shock"] >= 0):
            raise BadModel("model: predictive.shock must be a finite number >= 0")
        return Predictive(np.maximum(expected, 1e-12), spread, max(answer["shock"], 1e-12)), answer["seconds"]

    def _send(self, value: Any) -> None:
        try:
            pickle.dump(value, self._child.stdin)  # type: ignore[arg-type]
            self._child.stdin.flush()  # type: ignore[union-attr]
        except BrokenPipeError:
            raise BadModel("model: its process ended") from None


@contextmanager
def _quietly() -> Iterator[None]:
    try:
        yield
    except OSError:
        return


def check(values: Floats, n: int, *, name: str = "predict", zeros: bool = False) -> Floats:
    """Return the values where they are a forecast of n cells; raise BadModel that says what they are otherwise."""
    if values.shape != (n,):
        raise BadModel(f"model: {name} must give shape ({n},), one expected count a cell, got {values.shape}")
    if not np.isfinite(values).all():
        raise BadModel(f"model: {name} gave {int((~np.isfinite(values)).sum())} values that are NaN or infinite")
    if (values < 0).any():
        raise BadModel(f"model: {name} gave {int((values < 0).sum())} negative values; expected counts are >= 0")
    if not zeros and not values.any():
        raise BadModel(f"model: {name} gave nothing but zeros")
    return values
