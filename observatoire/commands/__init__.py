"""The commands of `obs`, one file a theme."""
