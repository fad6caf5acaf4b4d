"""Dates, ages and distances in words, in French and English and the city's time zone."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_timedelta
from babel.numbers import format_decimal
from babel.units import format_unit

from observatoire.text import Text

NARROW = "\N{NARROW NO-BREAK SPACE}"
#: Public positions of reports are rounded to 200 m: a distance to them is said by steps of this, m.
COARSE = 100


@dataclass(frozen=True)
class Say:
    """A writer.

    Attributes
    ----------
    language : str
        `fr` or `en`.
    zone : ZoneInfo
        Where the city's clocks stand.
    """

    language: str
    zone: ZoneInfo

    @property
    def locale(self) -> str:
        """Name by which babel knows the language."""
        return "fr_FR" if self.language == "fr" else "en_GB"

    def text(self, text: Text) -> str:
        """Return a text of ours in the language."""
        return text.in_(self.language)

    def local(self, instant: datetime) -> datetime:
        """Return an instant on the city's clocks."""
        return instant.astimezone(self.zone)

    def number(self, value: float) -> str:
        """Return a number.

        Examples
        --------
        >>> Say("en", ZoneInfo("UTC")).number(12345)
        '12,345'
        """
        return str(format_decimal(value, locale=self.locale))

    def distance(self, metres: float, *, coarse: bool = False) -> str:
        """Return a distance; a coarse one is that of a rounded position.

        Examples
        --------
        >>> Say("en", ZoneInfo("UTC")).distance(87)
        '90 m'
        >>> Say("en", ZoneInfo("UTC")).distance(120, coarse=True)
        'about 200 m'
        >>> Say("fr", ZoneInfo("UTC")).distance(1640).replace(NARROW, " ")
        '1,6 km'
        """
        step = COARSE if coarse else 10
        rounded = max(step, -(-metres // step) * step)
        said = (
            f"{rounded:.0f}{self._gap}m" if rounded < 1000 else f"{self.number(round(metres / 1000, 1))}{self._gap}km"
        )
        if not coarse:
            return said
        return f"environ {said}" if self.language == "fr" else f"about {said}"

    def span(self, period: str) -> str:
        """Return a period of ISO 8601 of one unit.

        Examples
        --------
        >>> Say("en", ZoneInfo("UTC")).span("P1Y"), Say("fr", ZoneInfo("UTC")).span("P3Y")
        ('1 year', '3 ans')
        """
        unit = {"Y": "year", "M": "month", "D": "day"}[period[-1]]
        return str(format_unit(int(period[1:-1]), f"duration-{unit}", locale=self.locale))

    @property
    def _gap(self) -> str:
        return NARROW if self.language == "fr" else " "

    def day(self, day: date | datetime, *, now: datetime | None = None) -> str:
        """Return a day with its weekday; without the year where it is the one of `now`."""
        on = self.local(day).date() if isinstance(day, datetime) else day
        same = now is not None and on.year == self.local(now).year
        return str(format_date(on, "EEEE d MMMM" if same else "EEEE d MMMM y", locale=self.locale))

    def month(self, day: date) -> str:
        """Return a month with its year."""
        return str(format_date(day, "MMMM y", locale=self.locale))

    def hour(self, instant: datetime) -> str:
        """Return the time on the city's clocks.

        Examples
        --------
        >>> from datetime import UTC, timedelta
        >>> Say("fr", ZoneInfo("Europe/Paris")).hour(datetime(2026, 7, 1, 6, 5, tzinfo=UTC)).replace(NARROW, " ")
        '8 h 05'
        >>> Say("en", ZoneInfo("Europe/Paris")).hour(datetime(2026, 7, 1, 6, 5, tzinfo=UTC))
        '08:05'
        """
        local = self.local(instant)
        if self.language != "fr":
            return f"{local:%H:%M}"
        return f"{local.hour}{NARROW}h" + (f"{NARROW}{local:%M}" if local.minute else "")

    def moment(self, instant: datetime) -> str:
        """Return a day and a time on the city's clocks.

        Examples
        --------
        >>> from datetime import UTC
        >>> Say("fr", ZoneInfo("Europe/Paris")).moment(datetime(2026, 11, 28, 20, 30, tzinfo=UTC)).replace(NARROW, " ")
        '28 novembre 2026, 21 h 30'
        """
        return f"{format_date(self.local(instant).date(), 'd MMMM y', locale=self.locale)}, {self.hour(instant)}"

    def hours(self, start: datetime, end: datetime) -> str:
        """Return a span of hours."""
        first, last = self.hour(start), self.hour(end)
        return f"de {first} à {last}" if self.language == "fr" else f"{first} to {last}"

    def age(self, instant: datetime, now: datetime) -> str:
        """Return how long ago an instant was, or in how long it will be.

        Examples
        --------
        >>> from datetime import UTC, timedelta
        >>> now = datetime(2026, 7, 8, tzinfo=UTC)
        >>> Say("fr", ZoneInfo("UTC")).age(now - timedelta(days=6), now)
        'il y a 6 jours'
        >>> Say("en", ZoneInfo("UTC")).age(now + timedelta(hours=3), now)
        'in 3 hours'
        """
        delta = instant - now
        return str(format_timedelta(delta, add_direction=True, threshold=1.5, locale=self.locale))
