"""`obs quarantine sealed sealing-key purge retention`: what stays out, what goes, what a steward does about it."""

from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from psycopg import Connection

from observatoire.cities import city
from observatoire.commands.base import Format, Output, counting, ready_store, show
from observatoire.commands.load import sentence, vars_of
from observatoire.errors import BadInput
from observatoire.intake import sealed as sealing
from observatoire.intake.decisions import decide, read_decisions
from observatoire.intake.load import Summary
from observatoire.intake.plan import plan_source
from observatoire.intake.quarantine import Entry, closings, collection_of, entries, totals
from observatoire.intake.run import load_source, replay
from observatoire.layers.catalog import catalog
from observatoire.reports.purge import purge as purge_reports
from observatoire.retention import over, remove
from observatoire.settings import settings

KeyFile = Annotated[Path | None, typer.Option("--key", help="File of a steward's private key")]
PasswordFile = Annotated[
    Path | None, typer.Option("--password-file", help="File whose first line is the key's password; else it is asked")
]


def quarantine(
    source: Annotated[str | None, typer.Argument(help="Only this source")] = None,
    *,
    decisions: Annotated[Path | None, typer.Option("--decide", help="Keep what this file decides of the rows")] = None,
    by: Annotated[str, typer.Option(help="Who decides: a role or a reference")] = "",
    again: Annotated[
        bool, typer.Option("--replay", help="Load the source again, or with --key its sealed rows")
    ] = False,
    key: KeyFile = None,
    password_file: PasswordFile = None,
    collection: Annotated[str, typer.Option(help="Where a source is loaded into several")] = "",
    closed: Annotated[bool, typer.Option("--closed", help="Also the entries that a load has closed")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Most rows shown")] = 20,
    output: Output = Format.text,
) -> None:
    """Show which rows were refused and why; decide what they mean; load them again."""
    if source is None and (decisions is not None or again):
        raise BadInput("source: name the one that --decide or --replay is about")
    with ready_store() as (_, connection):
        if source is not None and (decisions is not None or again):
            collection = collection or collection_of(connection, source)
            connection.rollback()
            if decisions is not None:
                n = decide(connection, source, collection, read_decisions(decisions), by=by)
                if not again:
                    show({"decided": n}, output, text=f"{n} decided; they hold from the next load, or --replay")
            if again:
                summary = _replay(connection, source, collection, key, password_file)
                show(summary.counts(), output, text=sentence(summary))
            return
        rows = entries(connection, source=source, limit=limit, closed=closed)
        done = [c for c in closings(connection) if source in (None, c.source)]
        sums = [t for t in totals(connection) if source in (None, t.source)]
    lines = [f"{t.source} → {t.collection}: {t.reason}: {t.rows:,}" for t in sums]
    lines += [f"{c.source} → {c.collection}: {c.state}: {c.entries:,} closed" for c in done]
    lines += [f"  {e.fingerprint} {e.source} line {e.line}: {e.message}{_state(e)}" for e in rows]
    result = {
        "totals": [vars_of(t) for t in sums],
        "closed": [vars_of(c) for c in done],
        "rows": [vars_of(e) for e in rows],
    }
    show(result, output, text="\n".join(lines) or "nothing in quarantine")


def sealed(
    source: Annotated[str | None, typer.Argument(help="Only this source")] = None,
    *,
    key: KeyFile = None,
    password_file: PasswordFile = None,
    output: Output = Format.text,
) -> None:
    """Open the refused rows, for stewards, with their private key; without a key, count them."""
    with ready_store() as (_, connection):
        if key is None:
            counts = connection.execute(
                "SELECT source, collection, count(*), min(purge_after) FROM obs.sealed "
                "WHERE purge_after > now() AND (%(source)s::text IS NULL OR source = %(source)s) "
                "GROUP BY source, collection ORDER BY source, collection",
                {"source": source},
            ).fetchall()
            found = [dict(zip(("source", "collection", "rows", "purge_from"), row, strict=True)) for row in counts]
            lines = [f"{s} → {c}: {n:,} sealed, removed from {first:%Y-%m-%d %H:%M}" for s, c, n, first in counts]
            show({"sealed": found}, output, text="\n".join(lines) or "nothing is sealed")
            return
        rows = list(sealing.opened(connection, _private(key, password_file), source=source))
    found = [
        {"fingerprint": r.row_digest.hex(), "source": r.source, "line": r.line, "message": r.message, "row": r.row}
        for r in rows
    ]
    lines = [f"{r['fingerprint']} {r['source']} line {r['line']}: {r['message']}: {_shown(r['row'])}" for r in found]
    show({"rows": found}, output, text="\n".join(lines) or "nothing is sealed")


def sealing_key(
    file: Annotated[Path | None, typer.Argument(help="Where the private key is written; it must not exist")] = None,
    *,
    password_file: PasswordFile = None,
    unprotected: Annotated[bool, typer.Option("--no-password", help="Write it without a password")] = False,
    output: Output = Format.text,
) -> None:
    """Make a steward's pair of keys: the private one to a file, the public one to the store. Older ones retire."""
    with ready_store() as (_, connection):
        if file is None:
            row = connection.execute(
                "SELECT count(*) FILTER (WHERE retired IS NULL), max(created) FROM obs.sealing_keys"
            ).fetchone()
            held, last = row or (0, None)
            text = f"a key of {last:%Y-%m-%d} is in force" if held else "no key: refused rows are not kept"
            show({"in_force": held, "last_made": last}, output, text=text)
            return
        connection.rollback()
        password = None if unprotected else _password(password_file, new=True)
        sealing.make_key(connection, file, password=password)
    show({"key": str(file)}, output, text=f"private key in {file}: keep it where no load runs")


def purge(*, output: Output = Format.text) -> None:
    """Remove sealed rows after seven days and reports' photos after thirty. The nightly job does so as well."""
    with ready_store() as (_, connection), connection.cursor() as cursor:
        n = sealing.purge(cursor)
        photos = purge_reports(cursor)
        connection.commit()
    show({"sealed": n, "photos": photos}, output, text=f"{n} sealed row(s) and {photos} photo(s) removed")


def retention(
    *,
    removing: Annotated[bool, typer.Option("--remove", help="Remove them now, as the nightly job does")] = False,
    output: Output = Format.text,
) -> None:
    """Show how many items of each collection are past the time for which it keeps them; remove them."""
    with ready_store() as (_, connection):
        connection.rollback()
        found = (remove if removing else over)(connection, city(), catalog().values())
    lines = [
        f"{each.collection}: {each.retention}: {each.items:,} {'removed' if removing else 'over'}"
        + (f", ended before {each.before:%Y-%m-%d}" if each.before else ", empty")
        for each in found
    ]
    show({"removed" if removing else "over": [vars_of(each) for each in found]}, output, text="\n".join(lines))


def _replay(
    connection: Connection, source: str, collection: str, key: Path | None, password_file: Path | None
) -> Summary:
    if source not in city().sources:
        raise BadInput("source: not one of the city's file; run its `obs load --connector …` again, with --full")
    with counting(source) as progress:
        if key is None:
            return load_source(connection, city(), source, settings=settings(), progress=progress, full=True)
        plan = plan_source(city(), source, settings())
        rows = list(sealing.opened(connection, _private(key, password_file), source=source, collection=collection))
        connection.rollback()
        return replay(connection, city(), plan, sealing.records(rows), progress=progress)


def _private(key: Path, password_file: Path | None) -> X25519PrivateKey:
    if password_file is None:
        try:
            return sealing.read_key(key)
        except BadInput:
            if not key.exists():
                raise
    return sealing.read_key(key, password=_password(password_file, new=False))


def _password(file: Path | None, *, new: bool) -> str:
    """Return the password of a key, from a file or asked without echo; it never stands on a command line."""
    if file is None:
        return str(typer.prompt("Password of the key", hide_input=True, confirmation_prompt=new, err=True))
    try:
        return file.read_text("utf-8").splitlines()[0]
    except (OSError, IndexError, UnicodeDecodeError):
        raise BadInput("password-file: expected a file whose first line is the password") from None


def _state(entry: Entry) -> str:
    return "" if entry.settled is None else f" [{entry.state}, by load {entry.settled}]"


def _shown(row: object) -> str:
    if not isinstance(row, dict):
        return "(sealed to another key)"
    return ", ".join(f"{name}={value}" for name, value in row.items())
