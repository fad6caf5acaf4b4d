"""What a steward decided of refused rows: a value that means another, a row that is corrected, a row that stays out.

Decisions are applied to the rows as the source gives them, before anything else looks at them: what they let in is
checked like any other row.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import yaml
from psycopg import Connection
from psycopg.pq import TransactionStatus
from pydantic import Field, ValidationError

from observatoire.errors import BadInput
from observatoire.intake.firewall.columns import is_person
from observatoire.intake.firewall.firewall import find
from observatoire.intake.source import Record, Rejected
from observatoire.layers.model import Model

STAYS_OUT = "stays-out"
LONGEST = 200  # characters of a value

Value = Annotated[str, Field(max_length=LONGEST)]
Fingerprint = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class DecisionFile(Model):
    """What a decision file says of one source."""

    values: dict[str, dict[Value, Value]] = Field(
        default_factory=dict, description="column → {what stands there → what is read instead}, in all rows"
    )
    rows: dict[Fingerprint, dict[str, Value] | Literal["stays-out"]] = Field(
        default_factory=dict, description="fingerprint of a refused row → {column → what is read instead}, or stays-out"
    )


@dataclass(frozen=True)
class Decisions:
    """What was decided of the rows of one source.

    Attributes
    ----------
    values : dict
        Column → {given → meant}.
    rows : dict
        Fingerprint → {column → meant}, or None where the row stays out.
    """

    values: dict[str, dict[str, str]] = field(default_factory=dict)
    rows: dict[bytes, dict[str, str] | None] = field(default_factory=dict)

    def apply(self, records: Iterator[Record]) -> Iterator[Record]:
        """Give the records as they are meant."""
        return map(self._meant, records) if self.values or self.rows else records

    def _meant(self, record: Record) -> Record:
        row = record.row
        decided = self.rows.get(record.digest, {})
        if decided is None:
            return record._replace(row=Rejected(STAYS_OUT, "row"))
        if not isinstance(row, Mapping):
            return record
        changes = {
            column: table[row[column].strip()]
            for column, table in self.values.items()
            if column in row and row[column].strip() in table
        } | {column: meant for column, meant in decided.items() if column in row}
        return record._replace(row={**row, **changes}) if changes else record


def read_decisions(path: Path) -> DecisionFile:
    """Read a decision file (YAML).

    Raises
    ------
    BadInput
        If there is none, it is not of the form, or a value that it would keep is a person's.
    """
    try:
        said = DecisionFile.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except OSError:
        raise BadInput("decide: the file cannot be read") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise BadInput("decide: the file is not YAML") from None
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"][:1])
        raise BadInput(
            f"decide: {where or 'file'}: expected values: {{column: {{given: meant}}}}, "
            f"rows: {{fingerprint: {{column: meant}} or {STAYS_OUT}}}; texts in quotes"
        ) from None
    kept = [text for table in said.values.values() for pair in table.items() for text in pair]
    kept += [text for row in said.rows.values() if isinstance(row, dict) for text in row.values()]
    columns = [*said.values, *(name for row in said.rows.values() if isinstance(row, dict) for name in row)]
    if any(map(find, kept)) or any(is_person(name) or find(name) for name in columns):
        raise BadInput("decide: a decision is kept in the store; this file holds data of a person")
    return said


def decide(connection: Connection, source: str, collection: str, said: DecisionFile, *, by: str = "") -> int:
    """Keep decisions; a later one on the same value or row replaces the earlier. Return how many there were."""
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        raise ValueError("connection must be outside any transaction")
    if find(by):
        raise BadInput("by: expected a role or a reference, not a person's data")
    rows = [(b"", column, given, meant) for column, table in said.values.items() for given, meant in table.items()]
    for fingerprint, row in said.rows.items():
        changes = {"": STAYS_OUT} if row == STAYS_OUT or not isinstance(row, dict) else row
        rows += [(bytes.fromhex(fingerprint), column, "", meant) for column, meant in changes.items()]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(
            "DELETE FROM obs.decisions WHERE source = %s AND collection = %s AND row_digest = %s",
            [(source, collection, bytes.fromhex(fingerprint)) for fingerprint in said.rows],
        )
        cursor.executemany(
            "INSERT INTO obs.decisions AS d (source, collection, row_digest, field, given, meant, decided_by) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (source, collection, row_digest, field, given) "
            "DO UPDATE SET meant = excluded.meant, decided = now(), decided_by = excluded.decided_by",
            [(source, collection, *row, by) for row in rows],
        )
    return len(rows)


def decisions_of(connection: Connection, source: str, collection: str) -> Decisions:
    """Return what was decided of the rows of a source."""
    decided = Decisions()
    for digest, column, given, meant in connection.execute(
        "SELECT row_digest, field, given, meant FROM obs.decisions WHERE source = %s AND collection = %s",
        [source, collection],
    ):
        if not digest:
            decided.values.setdefault(column, {})[given] = meant
        elif not column:
            decided.rows[bytes(digest)] = None
        else:
            row = decided.rows.setdefault(bytes(digest), {})
            assert row is not None
            row[column] = meant
    return decided
