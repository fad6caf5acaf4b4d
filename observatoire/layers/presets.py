"""Maps of several collections, one a trade: `layers/presets.yml`."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, RootModel, ValidationError, field_validator, model_validator

from observatoire.data import root
from observatoire.errors import BadSettings
from observatoire.layers.catalog import catalog
from observatoire.layers.model import Audience, Layer, Model
from observatoire.text import Text

#: Most collections of one map: as many as one tile may hold.
MOST = 12


class Shown(Model):
    """One collection of a map."""

    collection: str
    from_zoom: int = Field(default=0, ge=0, le=18, description="It is drawn from this zoom on")
    newest: bool = Field(default=False, description="Only what is of its last time: a forecast, not the older ones")


class Preset(Model):
    """A map: what it shows, the first beneath the others."""

    title: Text
    description: Text
    default_of: tuple[Audience, ...] = Field(default=(), description="Whose first map it is")
    layers: Annotated[tuple[Shown, ...], Field(min_length=1, max_length=MOST)]

    @field_validator("layers")
    @classmethod
    def _once(cls, layers: tuple[Shown, ...]) -> tuple[Shown, ...]:
        names = [shown.collection for shown in layers]
        if len(set(names)) != len(names):
            raise ValueError("a collection is named twice")
        return layers

    def seen_by(self, audience: Audience, layers: Mapping[str, Layer]) -> list[tuple[Layer, Shown]]:
        """Return what an audience may see, in the order of drawing: layers, and how they are shown."""
        found = ((layers[shown.collection], shown) for shown in self.layers if shown.collection in layers)
        return [(layer, shown) for layer, shown in found if layer.visible_to(audience)]


class Presets(RootModel[dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")], Preset]]):
    """All maps, by name."""

    @model_validator(mode="after")
    def _one_default(self) -> "Presets":
        named = [audience for preset in self.root.values() for audience in preset.default_of]
        if twice := sorted({name for name in named if named.count(name) > 1}):
            raise ValueError(f"default_of: two maps are the first of {', '.join(twice)}")
        return self


def read_presets(path: Path, layers: Iterable[str]) -> dict[str, Preset]:
    """Read a file of maps.

    Parameters
    ----------
    layers : iterable of str
        Names of the catalogue: a map shows these, and is not called as one of them.

    Raises
    ------
    BadSettings
        If it is not YAML, does not follow the model, or names what is not in the catalogue; the text says where.
    """
    known = set(layers)
    try:
        presets = Presets.model_validate(yaml.safe_load(path.read_text("utf-8"))).root
    except yaml.YAMLError as error:
        raise BadSettings(f"{path.name}: not YAML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise BadSettings(f"{path.name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    for name, preset in presets.items():
        if name in known:
            raise BadSettings(f"{path.name}: {name}: a collection has this name")
        if unknown := sorted({shown.collection for shown in preset.layers} - known):
            raise BadSettings(f"{path.name}: {name}.layers: not in the catalogue: {', '.join(unknown)}")
    return presets


@cache
def presets() -> dict[str, Preset]:
    """Return all maps, in the order of the file."""
    return read_presets(root() / "layers" / "presets.yml", catalog())


def default_for(audience: Audience) -> str | None:
    """Return the name of an audience's first map; for those whom no map names, that of the public."""
    first = {whose: name for name, preset in presets().items() for whose in preset.default_of}
    return first.get(audience, first.get("public"))
