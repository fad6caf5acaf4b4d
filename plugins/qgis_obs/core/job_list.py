"""“My jobs”: the jobs that this profile of QGIS submitted, on disk, so that they outlive it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields

from qgis.PyQt.QtCore import QLockFile

from .folder import folder, read, write
from .jobs import Job

#: The oldest that are over go first.
MOST = 200


def jobs() -> list[Job]:
    """Return the jobs, the newest first."""
    known = {each.name for each in fields(Job)}
    found = []
    for said in read(folder() / "jobs.json", []):
        try:
            found.append(Job(**{name: value for name, value in said.items() if name in known}))
        except (TypeError, AttributeError):
            continue
    return found


def remember(job: Job) -> None:
    """Add a job, or write down how it is now."""
    _change(lambda before: [job, *(each for each in before if each.url != job.url)])


def update(job: Job) -> None:
    """Write down how a job is now, in its place; one that was removed stays removed."""
    _change(lambda before: [job if each.url == job.url else each for each in before])


def forget(urls: set[str]) -> None:
    """Remove jobs from the list; on the server they stay."""
    _change(lambda before: [each for each in before if each.url not in urls])


def _change(change: Callable[[list[Job]], list[Job]]) -> None:
    """Read, change, write; several QGIS of one profile take turns."""
    path = folder() / "jobs.json"
    lock = QLockFile(str(path) + ".lock")
    lock.setStaleLockTime(10_000)
    held = lock.tryLock(3_000)
    try:
        after = sorted(change(jobs()), key=lambda job: job.created, reverse=True)
        alive = [job for job in after if not job.over]
        over = [job for job in after if job.over][: max(MOST - len(alive), 0)]
        kept = {job.url for job in (*alive, *over)}
        write(path, [asdict(job) for job in after if job.url in kept])
    finally:
        if held:
            lock.unlock()
