"""Feeds without accounts: works, events and reports by street, division and kind, for calendars and feed readers."""
