"""Schedules: the moment from which on a day's entry is posted unasked."""

from datetime import date

import pytest
from pydantic import ValidationError

from mappings.journal.config import MappingConfig
from mappings.journal.schedule import Schedule, settle_hours

DAY = date(2026, 3, 28)


@pytest.mark.parametrize(
    ("schedule", "channel", "zone", "due"),
    [
        ({}, "amazon", "UTC", "2026-03-29 00:00"),
        # A day ends where its store is.
        ({}, "amazon", "America/Los_Angeles", "2026-03-29 07:00"),
        ({}, "shopify", "UTC", "2026-03-31 06:00"),
        ({"post_after_hours": 0}, "shopify", "UTC", "2026-03-29 00:00"),
        ({"post_after_hours": 6}, "amazon", "UTC", "2026-03-29 06:00"),
        ({"hour": 5}, "amazon", "UTC", "2026-03-29 05:00"),
        # Exactly then is not too late; a minute after is the next day.
        ({"hour": 5, "post_after_hours": 5}, "amazon", "UTC", "2026-03-29 05:00"),
        ({"hour": 5, "post_after_hours": 6}, "amazon", "UTC", "2026-03-30 05:00"),
        # The accountant sits elsewhere; Berlin's clocks go forward on the 29th.
        ({"hour": 6, "time_zone": "Europe/Berlin"}, "amazon", "UTC", "2026-03-29 04:00"),
        ({"hour": 6}, "amazon", "Europe/Berlin", "2026-03-29 04:00"),
        ({}, "amazon", "Europe/Berlin", "2026-03-28 23:00"),
        ({"hour": 0}, "amazon", "Asia/Tokyo", "2026-03-28 15:00"),
    ],
)
def test_a_day_is_due_when_it_has_settled(
    schedule: dict[str, object], channel: str, zone: str, due: str
) -> None:
    moment = Schedule.model_validate(schedule).due_at(DAY, channel, zone)
    assert f"{moment:%Y-%m-%d %H:%M}" == due


def test_channels_settle_as_long_as_they_change() -> None:
    assert (settle_hours("shopify"), settle_hours("etsy")) == (54, 0)


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ({"hour": 24}, "less than or equal to 23"),
        ({"time_zone": "Mars/Olympus"}, "there is no time zone 'Mars/Olympus'"),
        ({"post_after_hours": -1}, "greater than or equal to 0"),
    ],
)
def test_a_schedule_that_nobody_can_keep_is_refused(
    schedule: dict[str, object], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        MappingConfig.model_validate({"chart": "organisation", "schedule": schedule})


def test_the_books_have_no_schedule() -> None:
    with pytest.raises(ValidationError, match="the books are written whenever"):
        MappingConfig.model_validate({"schedule": {"hour": 5}})
