"""The rules of street works of a city: `layers/works-rules.yml`."""

from functools import cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from observatoire.data import root
from observatoire.errors import BadSettings
from observatoire.works.rules import Rules


@cache
def works_rules(path: Path | None = None) -> Rules:
    """Read the rules.

    Raises
    ------
    BadSettings
        If the file is not YAML, or does not follow the model; the text names the rule and the key.
    """
    file = path or root() / "layers" / "works-rules.yml"
    try:
        return Rules.model_validate({"rules": yaml.safe_load(file.read_text("utf-8"))})
    except yaml.YAMLError as error:
        raise BadSettings(f"{file.name}: not YAML: {error}") from None
    except ValidationError as error:
        where = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False))
        raise BadSettings(f"{file.name}: {where}") from None
