"""What the dock of street works asks of the server, and how findings read. Blocks: call `search` in a task."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from qgis.core import QgsFeedback, QgsGeometry

from . import clash, running, worksite
from .errors import Cancelled, PluginError
from .http import Client
from .reading import readable
from .texts import tr

COLLECTION = "chantiers"


def inputs(footprint: QgsGeometry, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of `works-clash` for one worksite.

    Raises
    ------
    BadWork
        Names the field.
    """
    return {"candidate": clash.candidate(worksite.geojson(footprint), said)}


def search(client: Client, asked: Mapping[str, Any], language: str, feedback: QgsFeedback) -> clash.Clashes:
    """Return what clashes."""
    answer = running.run(client, clash.PROCESS, dict(asked), feedback)
    with readable(clash.PROCESS):
        return clash.clashes(answer, language)


def evidence(client: Client, finding: clash.Finding, feedback: QgsFeedback) -> list[dict[str, Any]]:
    """Return the geometries of what a worksite clashes with; what cannot be read is left out."""
    found = []
    for link in finding.links:
        try:
            answer = client.get_json(str(link.get("href", "")), feedback=feedback)
        except Cancelled:
            raise
        except PluginError:
            continue  # not for this caller, or gone since: the finding says its reference
        features = answer.get("features", [answer]) if isinstance(answer, dict) else []
        found += [f["geometry"] for f in features if isinstance(f, dict) and f.get("geometry")]
    return found


def newest(client: Client, collection: str, feedback: QgsFeedback) -> str:
    """Return the last time of a collection, RFC 3339, or an empty text."""
    about = client.get_json(f"collections/{collection}?f=json", feedback=feedback)
    interval = ((about.get("extent") or {}).get("temporal") or {}).get("interval") or [[None, None]]
    return str(interval[0][1] or "")


def page(finding: clash.Finding) -> str:
    """Return a finding as HTML: why, by which rule, against what, when."""
    rows = [(tr("Rule"), finding.rule), (tr("Worksite"), finding.subject)]
    if finding.evidence:
        rows.append((tr("Evidence"), ", ".join(finding.evidence)))
    rows += [(tr("When (UTC)"), f"{start[:16]} – {end[:16]}") for start, end in finding.intervals[:5]]
    if len(finding.intervals) > 5:
        rows.append(("", tr("and {count} more", count=len(finding.intervals) - 5)))
    table = "".join(f"<tr><td><b>{escape(name)}</b>&nbsp;</td><td>{escape(value)}</td></tr>" for name, value in rows)
    return f"<h4>{escape(finding.title)}</h4><p>{escape(finding.reason)}</p><table>{table}</table>"


def summary(report: clash.Clashes) -> str:
    """Return what holds for the whole search: proposed dates, incidents to be expected, what was not looked at."""
    parts = [_proposal(proposal) for proposal in report.proposals]
    parts += [_risk(risk) for risk in report.risks]
    if report.not_checked:
        rules = "; ".join(f"{rule} ({why})" if why else rule for rule, why in report.not_checked)
        parts.append(tr("Not looked at: {rules}", rules=rules))
    if report.unreadable:
        parts.append(tr("Cannot be read: {what}", what="; ".join(f"{ref}: {why}" for ref, why in report.unreadable)))
    return "".join(f"<p>{escape(part)}</p>" for part in parts)


def _proposal(proposal: clash.Proposal) -> str:
    if proposal.status == "moved":
        dates = tr("{start} to {end} ({days} days)", start=proposal.debut[:16], end=proposal.fin[:16],
                   days=f"{proposal.days or 0:+d}")  # fmt: skip
        return tr("{work}: {dates} leaves {left} conflicts. {why}", work=proposal.subject, dates=dates,
                  left=proposal.left, why=proposal.reason)  # fmt: skip
    if proposal.status == "stays":
        return tr("{work}: the dates may stay. {why}", work=proposal.subject, why=proposal.reason)
    return tr("{work}: no date without a conflict. {why}", work=proposal.subject, why=proposal.reason)


def _risk(risk: Mapping[str, Any]) -> str:
    if risk.get("expected") is None:
        return tr("{work}: no forecast under the footprint.", work=risk.get("subject", ""))
    numbers = {name: _number(risk.get(name)) for name in ("expected", "lower", "upper", "usual")}
    return tr("{work}: {expected} reports expected under the footprint [{lower}; {upper}], usually {usual}.",
              work=risk.get("subject", ""), **numbers)  # fmt: skip


def _number(value: Any) -> str:
    return f"{value:.1f}" if isinstance(value, (int, float)) else "?"
