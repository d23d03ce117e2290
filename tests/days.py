"""Days by the clock: asked for when a test begins, as a suite may run past midnight."""

from datetime import UTC, date, datetime, timedelta


def days_ago(number: int) -> date:
    """The day so many before today, in UTC."""
    return datetime.now(UTC).date() - timedelta(days=number)
