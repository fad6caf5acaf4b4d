"""The register of processing → collection ``registre``: a row a process, a row a collection, as they are installed.

Source : the processes' classes and the catalogue, through the hooks; nothing is written by hand.
Key    : `P-` or `C-` and the id.
Place  : the city's extent: where it applies.
"""

from collections.abc import Iterator

import shapely
from pyproj import Transformer

from observatoire.hooks import hooks
from observatoire.intake.source import Context, Item, Source
from observatoire.layers.catalog import catalog


def items(context: Context) -> Iterator[Item]:
    """Give the processes, then the collections."""
    to_city = Transformer.from_crs("EPSG:4326", context.city.crs, always_xy=True)
    common = {"geometry": shapely.box(*to_city.transform_bounds(*context.city.extent)), "referent": "delegue"}
    processes = sorted((p for group in hooks().obs_processes() for p in group), key=lambda p: str(p.id))
    for process in processes:
        yield common | {
            "source_key": f"P-{process.id}",
            "reference": process.id,
            "nature": "traitement",
            "titre": process.title.fr,
            "version": process.version,
            "finalite": process.purpose,
            "base_legale": process.basis,
            "diffusion": ",".join(process.audience),
        }
    for layer in catalog().values():
        yield common | {
            "source_key": f"C-{layer.id}",
            "reference": layer.id,
            "nature": "collection",
            "titre": layer.title.fr,
            "finalite": layer.privacy.purpose,
            "base_legale": layer.privacy.basis,
            "diffusion": ",".join(layer.privacy.audience),
            "conservation": layer.privacy.retention,
            "arrondi": layer.privacy.rounding,
        }


SOURCE = Source(id="register", collection="registre", origin="administrative", items=items)
