"""From a narrative to a closed code, by rules that are data (`rules.yml`). The narrative goes no further.

The coder counts expressions; it understands nothing. What it does not recognise is refused, not guessed.
"""

import re
from functools import cache
from importlib.resources import files

import yaml
from pydantic import ValidationError

from observatoire.errors import BadSettings
from observatoire.intake.firewall.normalise import fold
from observatoire.layers.model import Model
from observatoire.layers.nomenclature import codes


class Rules(Model):
    """The rules as they are written.

    Attributes
    ----------
    negations : tuple of str
        Words after which an expression does not count.
    domains : dict
        Domain of the nomenclature → code → expressions.
    """

    negations: tuple[str, ...]
    domains: dict[str, dict[str, tuple[str, ...]]]


@cache
def rules() -> Rules:
    """Read the rules.

    Raises
    ------
    BadSettings
        If they do not follow the model, or name a code that the nomenclature does not have.
    """
    path = files("observatoire.intake.firewall") / "rules.yml"
    try:
        read = Rules.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except ValidationError as error:
        raise BadSettings(f"rules.yml: {error.error_count()} errors, the first at {error.errors()[0]['loc']}") from None
    for domain, by_code in read.domains.items():
        if strange := sorted(by_code.keys() - codes(domain).keys()):
            raise BadSettings(f"rules.yml: {domain} has no code {', '.join(strange)}")
    return read


def can_code(branch: str) -> bool:
    """Tell whether there are rules for a branch of the nomenclature (`faits`, `espace-public/proprete`)."""
    return branch.partition("/")[0] in rules().domains


def code(narrative: str, branch: str) -> str | None:
    """Return the code that a narrative stands for, or None where no rule knows it.

    Parameters
    ----------
    narrative : str
    branch : str
        Of the nomenclature; the code is one of its leaves.

    Examples
    --------
    >>> code("Appel de Mme X : musique forte et cris au 3e étage", "faits")
    'tapage'
    >>> code("Rien à signaler", "faits") is None
    True
    """
    text = " ".join(re.findall(r"[a-z0-9]+", fold(narrative).casefold()))
    best, most = None, 0
    for name, pattern in _patterns(branch):
        found = len({match[0] for match in pattern.finditer(text)})
        if found > most:
            best, most = name, found
    return best


@cache
def _patterns(branch: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    leaves = codes(branch)
    negations = "".join(rf"(?<!\b{re.escape(words)} )" for words in rules().negations)
    return tuple(
        (name, re.compile(rf"{negations}\b(?:{'|'.join(map(_expression, expressions))})\b"))
        for name, expressions in rules().domains[branch.partition("/")[0]].items()
        if name in leaves
    )


def _expression(expression: str) -> str:
    return " ".join(re.escape(word).replace(r"\*", r"[a-z]*") for word in expression.split())
