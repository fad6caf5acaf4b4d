"""A report as it was sent, and as it may be kept: checked, coded, its words dropped."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from observatoire.intake.firewall.coder import code
from observatoire.intake.firewall.firewall import find
from observatoire.reports.errors import Refused
from observatoire.reports.form_answers import check_answers, read_instant
from observatoire.reports.forms import BRANCH, Forms
from observatoire.reports.place import read_degree
from observatoire.reports.secret import Secret
from observatoire.text import Text

DESCRIPTION = 2_000  # characters
SLACK = timedelta(minutes=5)  # by which a clock may be wrong without a word
OLDEST = timedelta(days=366)
OTHER = "autre"
KEY = (16, 200)  # characters of an idempotency key
_KEY = re.compile(r"[\w.:+/=-]+", re.ASCII)

_SAID_PERSON = Text(
    fr="Votre description nommait ou situait une personne. Elle n'a pas été gardée, comme aucune description.",
    en="Your description named or located a person. It was not kept, as no description is.",
)
_SAID_OTHER = Text(
    fr="Votre description semble parler d'autre chose que la catégorie choisie : les services vérifieront.",
    en="Your description seems to be about something else than the category chosen: staff will check.",
)
_CLOCK = Text(
    fr="L'horloge de votre appareil est fausse : l'heure indiquée a été corrigée.",
    en="The clock of your device is wrong: the time given was corrected.",
)


@dataclass(frozen=True)
class Given:
    """A report as it came through one of the doors. Nothing of it is trusted, and it never prints its words."""

    nature: Any = None
    lon: Any = None
    lat: Any = None
    address: Any = field(default=None, repr=False)
    answers: Any = field(default=None, repr=False)
    description: Any = field(default=None, repr=False)
    photo: bytes | None = field(default=None, repr=False)
    occurred: Any = None
    sent: Any = None
    website: Any = field(default=None, repr=False)
    idempotency_key: Any = field(default=None, repr=False)


@dataclass(frozen=True)
class Report:
    """A report without its words.

    Attributes
    ----------
    nature : str
        Code of `espace-public`.
    lon, lat : float or None, degrees
        None where an address was given instead.
    occurred : datetime or None, UTC
    coded : str or None
        The code that the description spoke of.
    key : str or None
        Idempotency key.
    fingerprint : bytes
        Keyed digest of what was sent, without words and photo.
    """

    nature: str
    lon: float | None
    lat: float | None
    answers: dict[str, Any]
    occurred: datetime | None
    coded: str | None
    key: str | None
    fingerprint: bytes
    notices: tuple[Text, ...] = ()


def check(given: Given, forms: Forms, secret: Secret, now: datetime) -> Report:
    """Return the report without its words.

    Raises
    ------
    Refused
        The first field that is wrong.
    """
    if given.website:
        raise Refused("website", "ce champ doit rester vide", "this field must stay empty")
    nature = given.nature
    if not isinstance(nature, str) or nature not in forms.categories:
        expected = ", ".join(forms.categories)
        raise Refused("nature", f"attendu : {expected}", f"expected {expected}")
    category = forms.categories[nature]
    if given.photo is not None and not category.photo:
        raise Refused("photo", "pas de photo pour cette catégorie", "no photo for this category")
    lon, lat = read_degree("lon", given.lon), read_degree("lat", given.lat)
    if (lon is None) != (lat is None):
        raise Refused("lon" if lon is None else "lat", "longitude et latitude vont ensemble", "expected lon and lat")
    if lon is None and not (isinstance(given.address, str) and given.address.strip()):
        raise Refused("lon, lat", "une position ou une adresse est attendue", "expected a position, or an address")
    answers = check_answers(category.questions, _mapping(given.answers))
    occurred, corrected = _occurred(given, now)
    coded, person = _coded(given.description)
    notices = [text for text, said in ((_SAID_PERSON, person), (_CLOCK, corrected)) if said]
    if coded not in (None, nature) and nature != OTHER:
        notices.append(_SAID_OTHER)
    parts = [nature, lon, lat, given.address if lon is None else None, answers, str(given.occurred or "")]
    return Report(
        nature=coded if nature == OTHER and coded else nature,
        lon=lon,
        lat=lat,
        answers=answers,
        occurred=occurred,
        coded=coded,
        key=check_key(given.idempotency_key),
        fingerprint=secret.digest("fingerprint", json.dumps(parts, sort_keys=True).encode()),
        notices=tuple(notices),
    )


def check_key(key: Any) -> str | None:
    """Return an idempotency key, None where there is none.

    Raises
    ------
    Refused
        If it is too short to be of one sender only, or too long.
    """
    if key is None or key == "":
        return None
    if not isinstance(key, str) or not KEY[0] <= len(key) <= KEY[1] or not _KEY.fullmatch(key):
        raise Refused(
            "idempotency_key",
            f"de {KEY[0]} à {KEY[1]} lettres, chiffres ou signes -_.:+/= tirés au hasard sont attendus",
            f"expected {KEY[0]} to {KEY[1]} random letters, digits or signs -_.:+/=",
        )
    return key


def _mapping(answers: Any) -> Mapping[str, Any]:
    if isinstance(answers, str):
        try:
            answers = json.loads(answers or "{}")
        except (ValueError, RecursionError):
            answers = False
    if answers is None:
        return {}
    if not isinstance(answers, dict):
        raise Refused("answers", "un objet JSON est attendu : question → réponse", "expected a JSON object")
    return answers


def _occurred(given: Given, now: datetime) -> tuple[datetime | None, bool]:
    """Return when it happened, and whether the device's clock had to be corrected."""
    if given.occurred in (None, ""):
        return None, False
    occurred, corrected = read_instant("occurred", given.occurred), False
    if given.sent not in (None, ""):
        wrong = now - read_instant("sent", given.sent)
        if corrected := abs(wrong) > SLACK:
            try:
                occurred += wrong
            except OverflowError:
                raise Refused("sent", "une heure de notre temps est attendue", "expected a time of our time") from None
    clock = f"{now.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
    if occurred > now + SLACK:
        raise Refused(
            "occurred",
            f"dans le futur ; il est {clock} : vérifiez l'horloge de l'appareil, ou laissez l'heure vide",
            f"in the future; it is {clock}: check the clock of the device, or leave the time out",
        )
    if occurred < now - OLDEST:
        raise Refused("occurred", "il y a plus d'un an", "over a year ago")
    return min(occurred, now), corrected


def _coded(description: Any) -> tuple[str | None, bool]:
    """Return the code that a description speaks of, and whether it held a person's data. Its words end here."""
    if description is None or description == "":
        return None, False
    if not isinstance(description, str):
        raise Refused("description", "un texte est attendu", "expected a text")
    if len(description) > DESCRIPTION:
        raise Refused("description", f"au plus {DESCRIPTION} caractères", f"at most {DESCRIPTION} characters")
    return code(description, BRANCH), find(description) is not None
