"""Where the file of a source is: in OBS_DATA, else fetched from its address."""

import os
import secrets
from pathlib import Path

import httpx
import stamina

from observatoire.cities import SourceSettings
from observatoire.errors import SourceUnavailable
from observatoire.settings import Settings

TIMEOUT = httpx.Timeout(30.0, connect=10.0)  # s, for each read, not for the whole
LARGEST = 2 * 1024**3  # bytes
ATTEMPTS = 4

_WORTH_ANOTHER = frozenset({408, 425, 429, 500, 502, 503, 504})


class _TryAgain(Exception):
    """The server may answer better in a moment."""


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
    return fetch(name, source.address, folder / (source.file or "download"))


def fetch(name: str, address: str, target: Path, *, attempts: int = ATTEMPTS, largest: int = LARGEST) -> Path:
    """Fetch a file; it stands at `target` once it is whole.

    Raises
    ------
    SourceUnavailable
        If the server cannot be reached, refuses, or sends more than `largest` bytes.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    try:
        for attempt in stamina.retry_context(on=(_TryAgain, httpx.TransportError), attempts=attempts, timeout=120):
            with attempt:
                _download(name, address, part, largest)
        part.replace(target)
    except _TryAgain as refusal:
        raise SourceUnavailable(f"{name}: {httpx.URL(address).host} answered {refusal}") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SourceUnavailable(
            f"{name}: no file of it in OBS_DATA, and its address fails: {type(error).__name__}"
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return target


def _download(name: str, address: str, part: Path, largest: int) -> None:
    with (
        httpx.stream("GET", address, timeout=TIMEOUT, follow_redirects=True) as answer,
        part.open("wb") as out,
    ):
        if answer.status_code in _WORTH_ANOTHER:
            raise _TryAgain(str(answer.status_code))
        if not answer.is_success:
            raise SourceUnavailable(f"{name}: {answer.url.host} answered {answer.status_code}")
        size = 0
        for chunk in answer.iter_bytes():
            size += len(chunk)
            if size > largest:
                raise SourceUnavailable(f"{name}: the file is larger than {largest} bytes")
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
