"""What is said of a collection beside its title: in sentences, in the language of QGIS."""

from __future__ import annotations

from datetime import datetime
from html import escape

from .records import Record
from .texts import tr


def freshness(record: Record, now: datetime) -> str:
    """Return how old the data are, in words."""
    words = {
        "fresh": tr("Up to date"),
        "ageing": tr("Ageing"),
        "old": tr("Out of date"),
        "unknown": tr("Age unknown"),
    }[record.freshness(now)]
    seen = record.checked or record.updated
    return words if seen is None else tr("{words}, looked at {day}", words=words, day=seen.strftime("%Y-%m-%d %H:%M"))


def audience(record: Record) -> str:
    """Return who may see it, in words."""
    names = {
        "public": tr("everybody"),
        "citizen": tr("residents"),
        "planner": tr("planners"),
        "roadworks": tr("road-works desk"),
        "coordination": tr("coordination"),
        "steward": tr("stewards"),
        "auditor": tr("auditors"),
        "admin": tr("administrators"),
    }
    if not record.audience:
        return tr("not said by the server")
    return ", ".join(names.get(name, name) for name in record.audience)


def licence(record: Record) -> str:
    """Return the licence as a link where it is an address."""
    if not record.licence:
        return tr("not said by the server")
    text = escape(record.licence)
    return f"<a href='{text}'>{text}</a>" if record.licence.startswith(("http://", "https://")) else text


def page(record: Record, now: datetime) -> str:
    """Return all of it as HTML; everything that the server said is escaped."""
    rows = [
        (tr("Freshness"), escape(freshness(record, now))),
        (tr("Licence"), licence(record)),
        (tr("Who may see it"), escape(audience(record))),
        (tr("Sources"), escape(", ".join(record.sources)) or "–"),
    ]
    if record.simulated:
        rows.append((tr("Data"), tr("simulated: an invented city")))
    table = "".join(f"<tr><td><b>{name}</b>&nbsp;</td><td>{value}</td></tr>" for name, value in rows)
    return f"<h4>{escape(record.title)}</h4><p>{escape(record.description)}</p><table>{table}</table>"
