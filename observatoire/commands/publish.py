"""`obs publish`: what the public may see, as a folder that survives the server."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from observatoire.cities import city
from observatoire.commands.base import Format, Output, ready_store, show, stepping
from observatoire.errors import BadInput
from observatoire.publish.folder import refuse_others, replaced
from observatoire.settings import settings
from observatoire.store.roles import passwords


def publish(
    *,
    out: Annotated[Path, typer.Option(help="Folder to write; a publication that is there is replaced at once")],
    base_url: Annotated[
        str, typer.Option(help="Where the folder will be on the web; without it addresses are relative")
    ] = "",
    zoom: Annotated[int, typer.Option(min=9, max=16, help="Last zoom of the tiles")] = 14,
    output: Output = Format.text,
) -> None:
    """Write the public collections as files: GeoParquet, PMTiles, styles, DCAT, a page that works without a server."""
    refuse_others(out)
    if base_url and not base_url.startswith(("http://", "https://")):
        raise BadInput("--base-url: expected an address that begins with http:// or https://")
    from observatoire.publish.write import publish as write  # late, as what follows: the server takes a while to load
    from observatoire.server.app import state_for
    from observatoire.server.pools import Pools

    base = base_url.rstrip("/") + "/" if base_url else ""
    patient = settings().model_copy(update={"statement_timeout_ms": 0})  # nobody waits for an answer

    async def run(store: Any, folder: Path) -> dict[str, Any]:
        async with Pools(store, passwords(patient.var), patient, city()) as pools:
            with stepping("publishing") as progress:
                state = state_for(patient, city(), store, pools)
                return await write(state, folder, base=base, deepest=zoom, progress=progress)

    with ready_store() as (store, connection):
        connection.close()
        with replaced(out) as folder:
            document = asyncio.run(run(store, folder))
    size = sum(file["bytes"] for file in document["files"].values())
    result = {"out": str(out), "collections": document["collections"], "files": len(document["files"]), "bytes": size}
    lines = [f"  {each['id']}: {each['items']:,} items" for each in result["collections"]]
    show(result, output, text="\n".join([f"{out}: {result['files']} files, {size / 1e6:.1f} MB", *lines]))
