"""One project of works as a GeoJSON Feature with the properties of `chantiers`."""

from collections.abc import Mapping
from typing import Any

from observatoire.coordination.feature import Extent, Members, explained, read_feature
from observatoire.coordination.items import work_of
from observatoire.works.errors import BadWork
from observatoire.works.model import Work

REFERENCE = "candidat"  # of a project that has none yet
MEMBERS = Members(
    required=("nature", "debut", "fin", "emprise"),
    texts=(
        "reference", "titre", "nature", "regle", "heure_debut", "heure_fin", "exceptions", "emprise", "bruit", "voie",
        "troncon", "statut", "maitre_ouvrage",
    ),
    flags=("feries", "tranchee", "eclairage_coupe", "deviation", "nuit"),
    days=("au_plus_tot", "echeance"),
    names={
        "id": "reference", "kind": "nature", "start": "debut", "end": "fin", "rule": "regle", "windows": "heure_debut",
        "except_days": "exceptions", "closure": "emprise", "noise": "bruit", "deadline": "echeance",
        "earliest": "au_plus_tot", "status": "statut",
    },
)  # fmt: skip


def read_candidate(
    feature: Mapping[str, Any], *, crs: str, zone: str, name: str = "inputs.candidate", extent: Extent | None = None
) -> Work:
    """Return the works of a feature in longitude and latitude.

    Raises
    ------
    BadInput
        It names the member and what was expected: a footprint that crosses itself, an end before its start, a time
        without offset, an unknown code, over ten years, an empty area, an unknown property…
    """
    row = {"reference": REFERENCE} | read_feature(feature, MEMBERS, crs=crs, name=name, extent=extent)
    try:
        return work_of(row, zone)
    except BadWork as error:
        raise explained(error, MEMBERS, name) from None
