"""One question a file: what a rule of each kind finds."""
