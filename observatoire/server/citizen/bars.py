"""Bars as SVG, made by the server: the table beside them says the same."""

from collections.abc import Sequence

from markupsafe import Markup

WIDTH, HEIGHT, GAP, ROOM = 640, 180, 6, 20


def bars(values: Sequence[tuple[str, int | None]]) -> Markup:
    """Return a drawing of bars.

    Parameters
    ----------
    values : sequence of (label, count)
        None: nothing was collected, which is drawn as a hatched place and not as 0.

    Returns
    -------
    Markup
        Hidden from screen readers: the table says the same.
    """
    most = max((count or 0 for _, count in values), default=0) or 1
    step = WIDTH / max(1, len(values))
    drawn = []
    for i, (_, count) in enumerate(values):
        x, width = i * step + GAP / 2, step - GAP
        if count is None:
            drawn.append(f'<rect class="gap" x="{x:.1f}" y="{ROOM}" width="{width:.1f}" height="{HEIGHT - ROOM}"/>')
            continue
        height = (HEIGHT - ROOM) * count / most
        y = HEIGHT - height
        drawn.append(f'<rect class="bar" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2"/>')
        drawn.append(f'<text x="{x + width / 2:.1f}" y="{y - 5:.1f}" text-anchor="middle">{count}</text>')
    return Markup(  # noqa: S704 (numbers only)
        f'<svg class="bars" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true" focusable="false">'
        f'{"".join(drawn)}<path class="ground" d="M0 {HEIGHT}H{WIDTH}"/></svg>'
    )
