"""PostgreSQL's programs: where they are, under which account they run, which of its processes live."""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from observatoire.errors import StoreUnavailable

EXTENSIONS = ("postgis", "unaccent")
PROGRAMS = ("initdb", "pg_ctl", "postgres")
DEBIAN = Path("/usr/lib/postgresql")
DEBIAN_SHARE = Path("/usr/share/postgresql")
OWN_SERVER = "or set OBS_DATABASE_URL to a PostGIS of your own"


@dataclass(frozen=True)
class Account:
    """The user and group that own a cluster's files and run its server."""

    uid: int
    gid: int

    @classmethod
    def serving(cls, data: Path) -> "Account":
        """Return the account for the cluster in `data`: ours or, as root, the one that made it.

        initdb and postgres refuse to run as root: a new cluster of root goes to ``postgres`` where a package has made
        that user, else to ``nobody``.
        """
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        if data.is_dir():
            owner = data.stat()
            return cls(owner.st_uid, owner.st_gid)
        for name in ("postgres", "nobody"):
            try:
                user = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(user.pw_uid, user.pw_gid)
        raise StoreUnavailable(f"the server cannot run as root: make a user named postgres, {OWN_SERVER}")


@dataclass(frozen=True)
class Programs:
    """The programs of one installed PostgreSQL.

    Attributes
    ----------
    folder : Path
        Where initdb, pg_ctl and postgres are.
    version : int
        Major version.
    missing : tuple of str
        The extensions we need and it has not.
    """

    folder: Path
    version: int
    missing: tuple[str, ...]

    def run(self, name: str, *options: str, account: Account, timeout: float) -> subprocess.CompletedProcess[str]:
        """Run a program under `account`, in a session of its own, so that a Ctrl-C of the command does not reach it.

        It works in ``/`` (an unprivileged user may not enter the caller's folder) and inherits no file, and of the
        environment nothing: the server must neither follow the caller's ``PG…`` variables nor hold its secrets.
        """
        other = {"user": account.uid, "group": account.gid, "extra_groups": []} if os.geteuid() == 0 else {}
        return subprocess.run(  # type: ignore[call-overload, no-any-return]  # the options of `other` are well typed
            [str(self.folder / name), *options],
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            start_new_session=True,
            check=False,
            **other,
        )


def find(version: int | None = None) -> Programs:
    """Return the newest PostgreSQL of this machine that has PostGIS.

    Neither the first ``pg_config`` (Debian's may belong to another version) nor the first ``initdb`` of the PATH (often
    bare, without PostGIS) is trusted: every installation is looked at, for the extensions' control files.

    Parameters
    ----------
    version : int, optional
        The major version that made the cluster: no other can run it.

    Raises
    ------
    StoreUnavailable
        None is complete; the text is one line and names the Debian packages to install.
    """
    installed = [found for folder in sorted(set(folders())) if (found := look_at(folder))]
    if version is not None:
        installed = [programs for programs in installed if programs.version == version]
        if not installed:
            raise StoreUnavailable(
                f"the store was made by PostgreSQL {version}, which is not here: install the packages "
                f"postgresql-{version} and postgresql-{version}-postgis-3, {OWN_SERVER}"
            )
    if not installed:
        raise StoreUnavailable(
            "PostgreSQL with PostGIS was not found: install the packages postgresql and postgresql-postgis "
            f"(apt-get install postgresql postgresql-postgis), {OWN_SERVER}"
        )
    complete = [programs for programs in installed if not programs.missing]
    if complete:
        return max(complete, key=lambda programs: programs.version)
    newest = max(installed, key=lambda programs: programs.version)
    package = f"postgresql-{newest.version}-postgis-3" if "postgis" in newest.missing else "postgresql-contrib"
    raise StoreUnavailable(
        f"PostgreSQL {newest.version} is here without {' and '.join(newest.missing)}: "
        f"install the package {package}, {OWN_SERVER}"
    )


def folders() -> Iterator[Path]:
    """Yield the folders where PostgreSQL's programs may be."""
    if pg_config := shutil.which("pg_config"):
        yield Path(said(Path(pg_config), "--bindir") or "/").resolve()
    if initdb := shutil.which("initdb"):
        yield Path(initdb).resolve().parent
    yield from DEBIAN.glob("*/bin")


def look_at(folder: Path) -> Programs | None:
    """Return the PostgreSQL in `folder`, or None where its programs are not all there."""
    if not all(os.access(folder / name, os.X_OK) for name in PROGRAMS):
        return None
    number = re.search(r"\d+", said(folder / "postgres", "--version"))
    if number is None:
        return None
    version = int(number[0])
    share = Path(said(folder / "pg_config", "--sharedir") or DEBIAN_SHARE / str(version))
    missing = tuple(name for name in EXTENSIONS if not (share / "extension" / f"{name}.control").is_file())
    return Programs(folder, version, missing)


def said(program: Path, option: str) -> str:
    """Return what a program answers to an option; empty when it is not there or does not know."""
    try:
        return subprocess.run([program, option], capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def command_line(pid: int) -> str:
    """Return the command line of a process; empty when it is dead, even where nobody has reaped it (a zombie).

    PostgreSQL writes ``cluster_name`` in the title of all its processes. (Their working folder would tell as well, but
    root in a container may not read it.)
    """
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def backends(cluster: str) -> list[int]:
    """Return the processes of a cluster other than its postmaster, by the cluster's name in their title."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if command_line(pid).startswith(f"postgres: {cluster}: ")]
