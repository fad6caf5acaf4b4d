"""What a feed is about: a collection, and of it a street, a division, a kind."""

from collections.abc import Mapping
from dataclasses import dataclass

from observatoire.errors import BadInput, NotFound
from observatoire.layers.catalog import layer_of
from observatoire.layers.model import Layer
from observatoire.layers.nomenclature import codes, nomenclature
from observatoire.text import Text

COLLECTIONS = ("chantiers", "evenements", "signalements")
REPORTS = "signalements"
#: Which there are of these, where the feed of a street or division wants them all.
PARAMETERS = ("street", "division", "nature", "lang")
LONGEST = 120  # characters of a street or a code


@dataclass(frozen=True)
class Choice:
    """What is in a feed.

    Attributes
    ----------
    natures : tuple of str
        Codes; empty: all.
    nature : str
        As it was asked: a code, or a theme of the nomenclature.
    """

    layer: Layer
    street: str = ""
    division: str = ""
    nature: str = ""
    natures: tuple[str, ...] = ()

    @property
    def title(self) -> Text:
        """Title of the feed."""
        fr, en = self.layer.title.fr, self.layer.title.en
        if self.nature:
            label = _label(self.layer, self.nature)
            fr, en = f"{fr} : {label.fr}", f"{en}: {label.en}"
        where = ", ".join(filter(None, (self.street, self.division)))
        return Text(fr=f"{fr}, {where}" if where else fr, en=f"{en}, {where}" if where else en)


def choice(collection: str, words: Mapping[str, str]) -> Choice:
    """Return what a feed is about.

    Raises
    ------
    NotFound
        If there is no feed of that collection.
    BadInput
        `nature`, `street` or `division`.
    """
    if collection not in COLLECTIONS:
        raise NotFound(f"no such feed; expected {', '.join(COLLECTIONS)}")
    for name in ("street", "division"):
        if len(words.get(name, "")) > LONGEST:
            raise BadInput(f"{name}: at most {LONGEST} characters")
    layer = layer_of(collection)
    nature = words.get("nature", "")
    return Choice(layer, words.get("street", ""), words.get("division", ""), nature, _natures(layer, nature))


def _natures(layer: Layer, nature: str) -> tuple[str, ...]:
    if not nature:
        return ()
    branch = _branch(layer)
    if nature in codes(branch):
        return (nature,)
    themes = nomenclature().domains[branch].themes
    if nature not in themes:
        expected = ", ".join((*themes, *codes(branch)))
        raise BadInput(f"nature: expected a code or a theme: {expected}")
    return tuple(themes[nature].codes)


def _label(layer: Layer, nature: str) -> Text:
    branch = _branch(layer)
    return codes(branch).get(nature) or nomenclature().domains[branch].themes[nature].label


def _branch(layer: Layer) -> str:
    branch = layer.properties["nature"].codes
    assert branch is not None, layer.id
    return branch
