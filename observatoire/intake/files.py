"""Where the file of a source is: in OBS_DATA, else fetched from its address."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from observatoire.cities import SourceSettings
from observatoire.errors import ObsError, SourceUnavailable
from observatoire.intake.credentials import credentials
from observatoire.intake.http import Client, Limits
from observatoire.settings import Settings

LARGEST = 2 * 1024**3  # bytes


def source_file(name: str, source: SourceSettings, settings: Settings) -> Path:
    """Return the path of a source's file.

    Parameters
    ----------
    name : str
        The city's name for the source.

    Raises
    ------
    SourceUnavailable
        If it is neither in `OBS_DATA` nor to be had at its address.
    """
    if source.file is not None and Path(source.file).is_absolute():
        return Path(source.file)
    if source.file is not None and settings.data is not None:
        found = sorted(settings.data.rglob(source.file), key=lambda path: (len(path.parts), path))
        if found:
            return found[0]
    if source.address is None:
        raise SourceUnavailable(f"{name}: no file {source.file} in OBS_DATA, and the city's file gives no address")
    folder = settings.var / "downloads" / name
    request = source.options.get("request")
    return fetch(name, source.address, folder / (source.file or "download"), request=request)


def fetch(
    name: str, address: str, target: Path, *, request: Mapping[str, str] | None = None, largest: int = LARGEST
) -> Path:
    """Fetch a file, unless the one that is there is still the server's last; it stands at `target` once it is whole.

    Parameters
    ----------
    request : mapping, optional
        `auth` or `header`, where the server asks for credentials.

    Raises
    ------
    SourceUnavailable
        If the server cannot be reached, refuses, or sends more than `largest` bytes.
    """
    try:
        client = Client(address, headers=credentials(request or {}), limits=replace(Limits(), file=largest))
        client.download(None, target)
    except ObsError as error:
        raise SourceUnavailable(f"{name}: no file of it in OBS_DATA, and {error}") from None
    return target
