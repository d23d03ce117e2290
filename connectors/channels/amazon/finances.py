"""Amazon's Finances API 2024-06-19: what happened on days that no settlement covers yet.

Facts: the Finances model. Transactions come to light up to 48 hours late; a range of more than 180
days answers nothing; the end lies two minutes back at least. A page's token goes with the same
parameters, and a page may be empty while another follows. Deferred transactions are owed later:
they are left out, as a settlement does. A release names the transaction that it replaces.
A transfer pays out a closed settlement, which contains it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Set
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from connectors.channels.amazon.marketplaces import REGIONS
from connectors.channels.sync_context import SyncContext, parts, stamp
from connectors.documents.api_documents import ApiDocument
from connectors.documents.manifest import Coverage
from connectors.documents.source_file import SourceFile
from connectors.errors import Transient
from connectors.http import Limit, Remote, Request
from connectors.http.pagination import cursor
from connectors.lake.windows import Window

VERSION = "2024-06-19"
# Amazon's list of deprecations (2026-11) names no end of this version.
SUNSET_ON: date | None = None
LIMITS = {"listTransactions": Limit(per_second=0.5, burst=10.0)}
LONGEST, BEHIND = 180, timedelta(minutes=3)
Transaction = Mapping[str, Any]
_PATH = f"/finances/{VERSION}/transactions"


def provisional(
    context: SyncContext, amazon: Remote, days: Window, currencies: Set[str]
) -> Iterator[SourceFile]:
    """Yield one document a currency with the transactions of some days; they cover nothing.

    A currency in `currencies` without any gets an empty document, replacing its previous one.
    """
    if days.start >= days.end:
        return
    pages = _once(page for part in parts(days, LONGEST) for page in _pages(context, amazon, part))
    all_currencies = {t["totalAmount"]["currencyCode"] for page in pages for t in page}
    for currency in sorted(all_currencies | currencies):
        document = ApiDocument(
            "amazon", Coverage.PROVISIONAL, f"{Coverage.PROVISIONAL}:{currency}", currency, days
        )
        for page in pages:
            document.put("listTransactions", page)
        yield document.source_file()


def _pages(context: SyncContext, amazon: Remote, days: Window) -> Iterator[list[Transaction]]:
    begins, ends = context.span(days)
    # Amazon wants two minutes; the third is for clocks that differ.
    last = min(ends, context.now - BEHIND)
    query = {"postedAfter": stamp(begins, "seconds"), "postedBefore": stamp(last, "seconds")}
    url = context.access.url(REGIONS[context.access.fields["region"]].api, _PATH)
    following = cursor("payload.nextToken", parameter="nextToken")
    for page in amazon.pages(Request("listTransactions", url, query), following):
        # Tokens differ each time; an amount is kept as it is written.
        response = json.loads(page.content, parse_float=str, parse_int=str)
        if not isinstance(response.get("payload"), dict):
            raise Transient("Amazon answers listTransactions without a payload: try again")
        yield [t for t in response["payload"].get("transactions") or () if _counts(t)]


def _once(pages: Iterable[list[Transaction]]) -> list[list[Transaction]]:
    """Return the pages with each transaction once, and none that another of them releases."""
    distinct: list[list[Transaction]] = []
    seen: set[object] = set()
    for page in pages:
        # Without a number each counts as its own: two equal amounts may both be real.
        new = {t.get("transactionId", id(t)): t for t in page}
        distinct.append([t for number, t in new.items() if number not in seen])
        seen |= new.keys()
    # A deferred transaction and the one that releases it are the same money.
    released = {
        i.get("relatedIdentifierValue")
        for page in distinct
        for t in page
        for i in t.get("relatedIdentifiers") or ()
        if i.get("relatedIdentifierName") == "DEFERRED_TRANSACTION_ID"
    } - {None}
    return [[t for t in page if t.get("transactionId") not in released] for page in distinct]


def _counts(transaction: Transaction) -> bool:
    deferred = str(transaction.get("transactionStatus", "")).upper() == "DEFERRED"
    moved = transaction.get("transactionType") == "Transfer"
    amount = transaction.get("totalAmount", {}).get("currencyAmount", "0")
    return not deferred and not moved and Decimal(amount) != 0
