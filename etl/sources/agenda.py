"""The events of the coming days → collection ``agenda``.

Source : the collection ``evenements`` in the store, as coordination sees it.
Key    : the event's reference and the local moment of the occurrence.
CRS    : the city's.
"""

from collections.abc import Iterator

from observatoire.intake.source import Context, Item, Source


def items(context: Context) -> Iterator[Item]:
    """Give the occurrences of the coming days, and as cancelled those that are gone."""
    from observatoire.coordination.agenda_days import agenda_rows  # late: pandas takes a second to load
    from observatoire.coordination.reader import Reader

    yield from list(agenda_rows(Reader(context.connection, context.city, "coordination")))


SOURCE = Source(id="agenda", collection="agenda", origin="administrative", items=items, planned=True)
