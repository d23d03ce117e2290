"""Days as people write them."""

from datetime import date

from connectors.errors import BadInput


def day(text: str) -> date:
    """Return the day that is meant; `BadInput` for anything but 2026-03-31."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is not a day: write it like 2026-03-31") from None
