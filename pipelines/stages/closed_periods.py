"""Days of closed periods: what their owner is told, and may do."""

from datetime import date


def hold_text(day: date, closed: date) -> str:
    """Return what the owner of an entry of a closed day may do."""
    return (
        f"{day} lies in a period that is closed through {closed}: post it on the first open day "
        "(`daybook publish first-open-day`), leave it out (`daybook publish leave-out`), or open "
        "the period and publish again"
    )


def removal_text(day: date, closed: date, *, is_rolled_back: bool) -> str:
    """Return what the owner of an entry may do that is to go, and whose day is closed."""
    where = f"{day} lies in a period that is closed through {closed}"
    if is_rolled_back:
        return f"{where}: open it there, then publish again"
    return (
        f"{where}: take the entry back on the first open day (`daybook publish first-open-day`), "
        "or open the period and publish again"
    )


def books_hold_text(slug: str, closed: date | None) -> str:
    """Return what the owner of an entry may do whose day the books of its store are closed for."""
    return (
        f"the books are closed through {closed}: post the difference on the first open day "
        f"(`daybook publish first-open-day {slug} --target books`), leave it out (`daybook publish "
        f"leave-out {slug} --target books`), or open them again (`daybook close --reopen`)"
    )
