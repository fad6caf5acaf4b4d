"""A folder that is replaced whole: readers see the old one or the new one, never half of it."""

import ctypes
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from observatoire.errors import BadInput

#: The file by which a folder is known to be one of ours, and may be replaced.
MARK = "publication.json"
_HERE, _EXCHANGE = -100, 2  # AT_FDCWD, RENAME_EXCHANGE: renameat2(2)


@contextmanager
def replaced(out: Path) -> Iterator[Path]:
    """Give an empty folder beside `out` to write into; at the end it takes the place of `out`.

    If the block fails, `out` is left as it was and nothing else stays behind.

    Raises
    ------
    BadInput
        If `out` is a file, or holds what no publication wrote: such a folder is never replaced.
    """
    refuse_others(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        fresh.chmod(0o755)
        yield fresh
        swap(fresh, out)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)  # after a swap, the one that was replaced


def swap(fresh: Path, out: Path) -> None:
    """Put `fresh` in the place of `out`; what stood there is `fresh` afterwards.

    In one step where the system can exchange two names (Linux, usual file systems); elsewhere in two, between which
    there is no `out` for an instant.
    """
    if not out.exists():
        fresh.rename(out)
        return
    try:
        _exchange(fresh, out)
    except OSError as error:
        if error.errno not in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
            raise
        aside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        out.rename(aside)
        fresh.rename(out)
        aside.rename(fresh)


def _exchange(one: Path, other: Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        raise OSError(errno.ENOSYS, "renameat2")
    if libc.renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE):
        raise OSError(ctypes.get_errno(), "renameat2")


def refuse_others(out: Path) -> None:
    """Refuse what `replaced` would.

    Raises
    ------
    BadInput
        If `out` is a file, or holds what no publication wrote.
    """
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise BadInput(f"--out: {out.name} is not a folder")
    if out.exists() and any(out.iterdir()) and not (out / MARK).is_file():
        raise BadInput(f"--out: {out.name} holds files that are not a publication; name another folder, or empty it")
