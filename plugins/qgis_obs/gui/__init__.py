"""Widgets; the only folder that may know the desktop."""
