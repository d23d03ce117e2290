"""The payment account of a shop, a month at a time, as its statements are.

Etsy has no list of payouts: a payout is an entry of the ledger, and a settlement is what stands
between two of them. A month is one document, like the statement that Shop Manager hands out, so
that a month that was imported from a file is replaced by the same month from the API. Months that
are over are read again as long as a visit reaches back to them.
"""

from collections.abc import Iterator
from datetime import date

from connectors.channels.answers import Answers
from connectors.channels.etsy.api import ENTRIES, LIMITS, LONGEST_DAYS, entries
from connectors.channels.visits import Visit, parts
from connectors.documents import Member
from connectors.http import Remote
from connectors.windows import Window

LEDGER = "ledger"


def read(visit: Visit) -> Iterator[Member]:
    """Every month that the window touches, the running one up to the last whole day."""
    currency = str(visit.account.get("currency") or "USD")
    with visit.remote("Etsy", LIMITS) as remote:
        for month in _months(visit):
            yield _document(visit, remote, month, currency)


def _months(visit: Visit) -> Iterator[Window]:
    day = max(visit.window.start.replace(day=1), visit.since)
    while day < visit.today:
        following = _next_month(day)
        yield Window(day, min(following, visit.today))
        day = following


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _document(visit: Visit, remote: Remote, month: Window, currency: str) -> Member:
    document = Answers("etsy", LEDGER, f"{month.start:%Y-%m}-{currency}", currency, covers=month)
    for part in parts(month, LONGEST_DAYS):
        for page in entries(visit, remote, *visit.span(part)):
            document.add(ENTRIES, page.content)
    return document.member()
