"""Works that have to be moved together: those that conflicts join."""

from collections import deque
from collections.abc import Iterable, Sequence

from observatoire.works.finding import Finding
from observatoire.works.model import Work

MOST = 12  # works whose dates are looked for at once


def groups(works: Sequence[Work], conflicts: Iterable[Finding], *, most: int = MOST) -> list[list[Work]]:
    """Return the works in groups; a conflict between two of them puts both in one.

    Groups come in the order of their first work, works in the order in which they are reached from it. A group that
    would be larger than `most` is cut: the next ones are arranged with the first where it then stands.

    Parameters
    ----------
    works : sequence of Work
        Those that may move, the most pressing first; works without a conflict are groups of one.
    conflicts : iterable of Finding

    Raises
    ------
    ValueError
        If `most` is under 1.
    """
    if most < 1:
        raise ValueError(f"most must be at least 1, got {most}")
    by_id = {w.id: w for w in works}
    order = {name: rank for rank, name in enumerate(by_id)}
    beside: dict[str, set[str]] = {name: set() for name in by_id}
    for finding in conflicts:
        named = {finding.subject, *finding.evidence} & by_id.keys()
        for name in named:
            beside[name] |= named - {name}
    found: list[list[Work]] = []
    seen: set[str] = set()
    for first in by_id:
        if first in seen:
            continue
        queue = deque([first])
        group: list[Work] = []
        seen.add(first)
        while queue and len(group) < most:
            name = queue.popleft()
            group.append(by_id[name])
            following = sorted(beside[name] - seen, key=order.__getitem__)
            seen.update(following)
            queue.extend(following)
        seen.difference_update(queue)  # beyond the cut: a later group's
        found.append(group)
    return found
