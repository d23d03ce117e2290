"""The schedule of posting: when an entry is posted without anybody asking for it."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Annotated, Final
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator

from mappings.taxonomy import load_yaml

ONE_DAY: Final = timedelta(days=1)
MOST_HOURS: Final = 720


class Schedule(BaseModel):
    """The moment from which on a day's entry is posted.

    `post_after_hours` is how long a day settles after its end, in which late changes still come;
    None is the channel's own (`settle_hours.yaml`). `hour` is the hour of a day before which
    nothing is posted, in `time_zone` (IANA), or in the store's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    post_after_hours: Annotated[int, Field(ge=0, le=MOST_HOURS)] | None = None
    hour: Annotated[int, Field(ge=0, le=23)] | None = None
    time_zone: str | None = None

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        if name is not None and name not in available_timezones():
            raise ValueError(f"there is no time zone {name!r}; write one like Europe/Berlin")
        return name

    def due_at(self, business_date: date, channel: str, store_zone: str) -> datetime:
        """Return the moment (UTC) from which on the entry of a business day is posted."""
        store = ZoneInfo(store_zone)
        # The day ends where the next one begins: its length is the zone's affair.
        ended = datetime.combine(business_date + ONE_DAY, time.min, store)
        after = self.post_after_hours
        settled = ended.astimezone(UTC) + timedelta(
            hours=settle_hours(channel) if after is None else after
        )
        return settled if self.hour is None else self._next_hour(settled, store)

    def _next_hour(self, moment: datetime, store: ZoneInfo) -> datetime:
        zone = ZoneInfo(self.time_zone) if self.time_zone is not None else store
        local = moment.astimezone(zone)
        opening = time(self.hour or 0)
        day = local.date() if local.time() <= opening else local.date() + ONE_DAY
        return datetime.combine(day, opening, zone).astimezone(UTC)


@cache
def _hours() -> dict[str, int]:
    hours: dict[str, int] = load_yaml("journal", "settle_hours.yaml")
    return hours


def settle_hours(channel: str) -> int:
    """Return the hours that a channel's day settles after its end."""
    return _hours().get(channel, 0)
