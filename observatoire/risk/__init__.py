"""Forecasts of places: pure functions of arrays and frames. Begin with `forecast` and `grid`."""
