"""The catalogue: every layer file, read and checked once per process."""

from functools import cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from observatoire.errors import BadSettings, UnknownLayer
from observatoire.hooks import hooks
from observatoire.layers.model import Layer


def read_layer(path: Path) -> Layer:
    """Read one layer file.

    Raises
    ------
    BadSettings
        If it is not YAML, does not follow the model, or its name is not its id; the text says where.
    """
    try:
        layer = Layer.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except yaml.YAMLError as error:
        raise BadSettings(f"{path.name}: not YAML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadSettings(f"{path.name}: {where}: {first['msg']}") from None
    if layer.id != path.stem:
        raise BadSettings(f"{path.name}: id is {layer.id!r}, expected {path.stem!r}")
    return layer


@cache
def catalog() -> dict[str, Layer]:
    """Return all layers by id, in alphabetical order: the built-in ones and those of partners' packages."""
    paths = sorted(path for folder in hooks().obs_layers() for path in Path(folder).glob("*.yml"))
    layers = {path.stem: read_layer(path) for path in paths}
    if len(layers) != len(paths):
        raise BadSettings("two layer files have the same name: " + ", ".join(p.name for p in paths))
    return layers


def layer_of(collection: str) -> Layer:
    """Return a layer by its id.

    Raises
    ------
    UnknownLayer
        If the catalogue has none of that name.
    """
    try:
        return catalog()[collection]
    except KeyError:
        raise UnknownLayer(f"no collection {collection!r} in the catalogue") from None
