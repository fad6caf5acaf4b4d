"""The process in which somebody's estimator lives: it is sent the past of each origin, and nothing else.

Started as a program with an empty folder as its own. It never gets the path of the events, and an audit hook refuses to
open a file of that name; that guards against accidents, not against malice.
"""

import importlib.util
import os
import pickle
import sys
import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

from observatoire.risk.predictive import Predictive


def load(path: Path) -> Any:
    """Return what `my.py` offers: a function `make(grid, steps)` or an object `model`."""
    spec = importlib.util.spec_from_file_location("their_model", path)
    if spec is None or spec.loader is None:
        raise ImportError("not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules["their_model"] = module
    spec.loader.exec_module(module)
    return module


def build(module: Any, grid: Any, steps: int) -> Any:
    """Return a fresh estimator."""
    if callable(getattr(module, "make", None)):
        return module.make(grid, steps)
    if hasattr(module, "model"):
        return deepcopy(module.model)
    raise AttributeError("expected a function make(grid, steps) or an object named model")


def forecast(module: Any, grid: Any, steps: int, past: Any) -> dict[str, Any]:
    """Fit on the past, predict the next `steps` periods; seconds are processor seconds of both."""
    begun = time.process_time()
    estimator = build(module, grid, steps)
    X = past.toarray()
    fitted = estimator.fit(X)
    model = estimator if fitted is None else fitted
    expected = np.array(model.predict(past.toarray()), dtype=float)
    found: dict[str, Any] = {"expected": expected, "spread": None, "shock": None}
    if callable(getattr(model, "predictive", None)):
        told = model.predictive(past.toarray())
        if not isinstance(told, Predictive):
            raise TypeError("predictive must return an observatoire.risk.predictive.Predictive")
        found |= {"spread": np.array(told.spread, dtype=float), "shock": float(told.shock)}
    return found | {"seconds": time.process_time() - begun}


def main() -> None:
    """Answer each past that comes on standard input, pickled, until it ends."""
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a model prints does not spoil the answers
    path, forbidden, grid, steps = pickle.load(source)  # noqa: S301 (from our own parent)

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str | bytes):
            name = os.fsdecode(arguments[0])
            if Path(name).name == forbidden:
                raise PermissionError("the events file is not for the model: it holds the future")

    sys.addaudithook(refuse)
    module = None
    while True:
        try:
            past = pickle.load(source)  # noqa: S301 (from our own parent)
        except EOFError:
            return
        try:
            module = module or load(Path(path))
            answer: Any = forecast(module, grid, steps, past)
        except Exception as error:
            answer = f"{type(error).__name__}: {error}"
        pickle.dump(answer, sink)
        sink.flush()


if __name__ == "__main__":
    main()
