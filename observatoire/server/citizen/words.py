"""What the residents' pages say, in French and English: `words/*.yml`, each word in both languages."""

import re
from importlib.resources import files
from pathlib import Path

import yaml

from observatoire.text import Text

NARROW, WIDE = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"
FOLDER = Path(str(files("observatoire.server.citizen") / "words"))


def _read() -> dict[str, Text]:
    found: dict[str, Text] = {}
    for path in sorted(FOLDER.glob("*.yml")):
        words = {name: Text.model_validate(text) for name, text in yaml.safe_load(path.read_text("utf-8")).items()}
        if both := sorted(found.keys() & words.keys()):
            raise ValueError(f"{path.name}: said twice: {', '.join(both)}")
        found |= words
    return found


def together(text: str) -> str:
    """Return French words whose signs stay on the line of the word that they belong to.

    Examples
    --------
    >>> together("Où ? « Ici » : là").replace(NARROW, "_").replace(WIDE, "~")
    'Où_? «~Ici~»~: là'
    """
    text = re.sub(r" (?=[;?!])", NARROW, text)
    return re.sub(r"(?<=«) | (?=[»:])", WIDE, text)


_TEXTS = _read()
WORDS: dict[str, dict[str, str]] = {
    "fr": {name: together(text.fr) for name, text in _TEXTS.items()},
    "en": {name: text.en for name, text in _TEXTS.items()},
}
