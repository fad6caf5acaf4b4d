"""Refusals of a report: each names the field, in French and in English."""

from typing import Any, Self

from observatoire.errors import ObsError
from observatoire.text import Language, Text


class Refused(ObsError):
    """A field of a report cannot be used.

    Parameters
    ----------
    field : str
        Name of the field, as it was sent.
    fr, en : str
        What was expected of it. Never what was given: it may be a person's.

    Attributes
    ----------
    members : dict
        Go into the problem document beside the usual ones.
    """

    type, status, exit_code = "bad-report", 400, 65

    def __init__(self, field: str, fr: str, en: str, *, headers: dict[str, str] | None = None) -> None:
        self.field, self.said = field, Text(fr=fr, en=en)
        self.text = Text(fr=f"{field} : {fr}", en=f"{field}: {en}")
        self.headers = headers or {}
        super().__init__(self.text.en)

    @property
    def members(self) -> dict[str, Any]:
        """What the problem document says beside the usual members."""
        return {"field": self.field, "fr": self.text.fr, "en": self.text.en}

    def named(self, field: str) -> Self:
        """Return the same refusal of a field that has another name at this door."""
        return type(self)(field, self.said.fr, self.said.en, headers=self.headers)

    def in_(self, language: Language) -> str:
        """Return the words in a language."""
        return self.text.in_(language)


class TooLarge(Refused):
    """A photo or a body is longer than it may be."""

    type, status = "too-large", 413


class TooMany(Refused):
    """Too many reports from one place of the network, for now."""

    type, status, exit_code = "too-many-requests", 429, 75


class Conflict(Refused):
    """The report's state does not allow it, or a key was used for another report."""

    type, status = "conflict", 409


class NoReport(Refused):
    """There is no report of that reference, or the token is not its own: the same answer for both."""

    type, status, exit_code = "not-found", 404, 66


class Gone(Refused):
    """The report was deleted by who had made it."""

    type, status, exit_code = "gone", 410, 66


def no_report() -> NoReport:
    """Return the one answer to a reference or a token that is not known."""
    return NoReport(
        "reference",
        "aucun signalement n'a cette référence, ou le lien de suivi n'est pas le sien",
        "no report has this reference, or the tracking link is not its own",
    )


def gone() -> Gone:
    """Return the answer for a report that was deleted."""
    return Gone("reference", "ce signalement a été supprimé par son auteur", "this report was deleted by its author")
