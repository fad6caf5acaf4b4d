"""All detectors, in the order in which they are asked: a number that looks like two things is the longer one."""

import re
from collections.abc import Callable
from typing import NamedTuple

from observatoire.intake.firewall import addresses, births, names, network, numbers, phones, plates

_WORDS = re.compile(r"[a-z]+")
_FIGURES = "0123456789"


class Detector(NamedTuple):
    """One kind of person data.

    Attributes
    ----------
    kind : str
    holds : callable
        Whether a folded text holds it.
    digits : int
        It cannot be in a text with fewer digits.
    words : frozenset of str
        Nor in one with none of these words or signs; empty: it needs none.
    """

    kind: str
    holds: Callable[[str], bool]
    digits: int = 0
    words: frozenset[str] = frozenset()


DETECTORS = (
    Detector("email", network.has_email, words=network.MAIL_WORDS),
    Detector("iban", numbers.has_iban, digits=7),
    Detector("nir", numbers.has_nir, digits=10),
    Detector("ip", network.has_ip, digits=1, words=frozenset({".", ":"})),
    Detector("device", network.has_mac, words=frozenset({":", "-"})),
    Detector("phone", phones.has_phone, digits=6),
    Detector("plate", plates.has_plate, digits=3),
    Detector("birth-date", births.is_said_birth, digits=2, words=births.WORDS),
    Detector("birth-date", births.is_written_date, digits=3, words=births.MONTHS),
    Detector("birth-date", births.has_old_date, digits=3),
    Detector("address", addresses.has_flat, words=addresses.WORDS),
    Detector("name", names.has_titled_name, words=names.WORDS),
)

_SIGNS = "@.:-"


def detect(text: str) -> str | None:
    """Return the kind of person data that a folded text holds, the first in the order of `DETECTORS`."""
    digits = sum(map(text.count, _FIGURES))
    words = {*_WORDS.findall(text.casefold()), *(sign for sign in _SIGNS if sign in text)}
    for kind, holds, least, needed in DETECTORS:
        if digits >= least and not (needed and words.isdisjoint(needed)) and holds(text):
            return kind
    return None
