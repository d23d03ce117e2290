"""Business days and half-open windows of them: one day or a year is the same call."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """The days `[start, end)`."""

    start: date
    end: date

    def __iter__(self) -> Iterator[date]:
        day = self.start
        while day < self.end:
            yield day
            day += ONE_DAY

    @property
    def days(self) -> int:
        """Return how many days there are in it."""
        return (self.end - self.start).days

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end


def windows(days: Iterable[date], *, gap: int = 0) -> list[Window]:
    """Return the fewest windows that hold `days`, oldest first.

    They hold no other day, unless a `gap` of so many may lie between.
    """
    merged: list[Window] = []
    for day in sorted(set(days)):
        if merged and (day - merged[-1].end).days <= gap:
            merged[-1] = Window(merged[-1].start, day + ONE_DAY)
        else:
            merged.append(Window(day, day + ONE_DAY))
    return merged


def midnight(day: date, time_zone: str, after: int = 0) -> datetime:
    """Return when a business day begins, UTC, or the one so many days `after` it."""
    # Days are added before the zone applies: a day with a change of clocks has 23 or 25 hours.
    start = datetime.combine(day + timedelta(days=after), time(), ZoneInfo(time_zone))
    return start.astimezone(UTC)
