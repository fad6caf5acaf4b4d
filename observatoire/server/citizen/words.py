"""What the residents' pages say, in French and English: `words/*.yml`, each word in both languages."""

from importlib.resources import files
from pathlib import Path

import yaml

from observatoire.text import Text

FOLDER = Path(str(files("observatoire.server.citizen") / "words"))


def _read() -> dict[str, Text]:
    found: dict[str, Text] = {}
    for path in sorted(FOLDER.glob("*.yml")):
        words = {name: Text.model_validate(text) for name, text in yaml.safe_load(path.read_text("utf-8")).items()}
        if both := sorted(found.keys() & words.keys()):
            raise ValueError(f"{path.name}: said twice: {', '.join(both)}")
        found |= words
    return found


_TEXTS = _read()
WORDS: dict[str, dict[str, str]] = {
    language: {name: text.in_(language) for name, text in _TEXTS.items()} for language in ("fr", "en")
}
