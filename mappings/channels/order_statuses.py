"""The states of an order: each platform's words, and the one small set that they map to."""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

STATUSES: Final = (
    *("pending", "paid", "shipped", "completed"),
    *("cancelled", "refunded", "partially_refunded"),
)


@cache
def order_statuses(channel: str) -> Mapping[str, str]:
    """Return a channel's `order_statuses.csv`: the platform's words, each with its status.

    `ValueError` for a status that is none, or words that stand twice.
    """
    file = files(__package__).joinpath(channel, "order_statuses.csv")
    statuses: dict[str, str] = {}
    for row in csv.DictReader(file.read_text().splitlines()):
        word, status = row["platform_status"], row["status"]
        if status not in STATUSES or word in statuses:
            raise ValueError(
                f"{channel}/order_statuses.csv: {word!r} is {status!r}, or there twice"
            )
        statuses[word] = status
    return statuses
