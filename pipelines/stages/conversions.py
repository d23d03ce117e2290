"""Entries of an organisation in its own currency, where its mapping names rates for that."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Final

import duckdb

from connectors.rates import ExchangeRate
from mappings.journal.config import MappingConfig
from mappings.journal.conversion import (
    PAYOUT,
    Cleared,
    ConversionAccounts,
    converted,
    rounded,
)
from mappings.model import CLEARING, JournalEntry
from pipelines.stages.mapping import mappings_in_effect
from pipelines.stages.partitions import scan
from pipelines.stages.store import Store

# No bank sets rates on a weekend or a holiday: the last one before counts.
_LAST_BEFORE: Final = timedelta(days=7)
_DIGITS: Final = 40
# What each day of a settlement put into clearing, of settlements that some days pay out.
_CLEARED = """
SELECT settlement_id, business_date, currency, sum(amount)::DECIMAL(38,4)
FROM {every_day}
WHERE payout_id IS NULL AND settlement_id IN (
    SELECT settlement_id FROM {days} WHERE payout_id IS NOT NULL
)
GROUP BY ALL
"""


class Rates:
    """The rates of one source between one currency and others, over some days."""

    def __init__(self, rates: Iterable[ExchangeRate], to: str) -> None:
        """Keep rates, oldest first."""
        self._to = to
        self._by_day: dict[date, dict[tuple[str, str], Decimal]] = defaultdict(dict)
        for rate in rates:
            self._by_day[rate.day][rate.base, rate.currency] = rate.rate

    def on(self, day: date, currency: str) -> Decimal | None:
        """Return how many of the currency one unit of another is; None where no rate is near."""
        for back in range(_LAST_BEFORE.days + 1):
            rates = self._by_day.get(day - timedelta(days=back))
            near = rate_between(rates, currency, self._to) if rates else None
            if near is not None:
                return near
        return None


def rate_between(
    rates: Mapping[tuple[str, str], Decimal], currency: str, to: str
) -> Decimal | None:
    """Return a rate of one day's: it, its inverse, or one over a currency both have a rate with.

    None where there is none.
    """
    with localcontext(prec=_DIGITS):
        direct, inverse = rates.get((currency, to)), rates.get((to, currency))
        if direct is not None:
            return direct
        if inverse is not None:
            return 1 / inverse
        for (base, other), rate in rates.items():
            across = rates.get((base, to))
            if other == currency and across is not None:
                return across / rate
    return None


def convert(
    con: duckdb.DuckDBPyConnection,
    store: Store,
    target: str,
    mapping: MappingConfig,
    entries: Mapping[JournalEntry, str | None],
    since: date,
) -> dict[JournalEntry, str | None]:
    """Return entries in the currency that a mapping converts into, each with what holds it.

    One without a rate of its day is held as it is. `since` is the first day that the target gets.
    """
    conversion = mapping.currency
    foreign = [e for e in entries if conversion and e.currency != conversion.to]
    if conversion is None or not foreign:
        return dict(entries)
    activity = _activity(con, store, [entry.business_date for entry in foreign], since)
    currencies = {conversion.to, *(entry.currency for entry in foreign)}
    days = sorted({e.business_date for e in foreign} | {day for _, day, _ in activity})
    rates = _rates(store, target, conversion.to, currencies, days)
    accounts = ConversionAccounts(
        mapping.account("fx", store.slug), mapping.account("rounding", store.slug)
    )
    outcome: dict[JournalEntry, str | None] = {}
    for entry, held in entries.items():
        if entry.currency == conversion.to:
            outcome[entry] = held
            continue
        rate = rates[entry.business_date].on(entry.business_date, entry.currency)
        cleared = _cleared(entry, activity, rates, conversion.to)
        if rate is None or cleared is None:
            outcome[entry] = held or _no_rate(entry, conversion.to, conversion.rates)
            continue
        result = converted(entry, conversion.to, rate, cleared, accounts)
        outcome[result] = held or _without_account(result)
    return outcome


def _rates(
    store: Store, target: str, to: str, currencies: Collection[str], days: Sequence[date]
) -> dict[date, Rates]:
    """Return the rates by which each day is posted; a day that is not converted has none."""
    registry = store.workspace.registry
    by_source: dict[str, Rates] = {}
    by_day: dict[date, Rates] = {}
    for mapping, its_days in mappings_in_effect(registry, store.slug, days, target):
        conversion = mapping.currency
        if conversion is None or conversion.to != to:
            continue
        if conversion.rates not in by_source:
            listed = registry.exchange_rates.list(
                conversion.rates, currencies, days[0] - _LAST_BEFORE, days[-1]
            )
            by_source[conversion.rates] = Rates(listed, to)
        by_day |= dict.fromkeys(its_days, by_source[conversion.rates])
    return by_day


def _activity(
    con: duckdb.DuckDBPyConnection, store: Store, days: Sequence[date], since: date
) -> dict[tuple[str, date, str], Decimal]:
    lake = store.lake
    paying = lake.partitions("transactions", store.slug, days)
    posted = [day for day in lake.days("transactions", store.slug) if day >= since]
    if not paying:
        return {}
    query = _CLEARED.format(
        every_day=scan(lake.partitions("transactions", store.slug, posted)), days=scan(paying)
    )
    return {tuple(row[:3]): row[3] for row in con.execute(query).fetchall()}


def _cleared(
    entry: JournalEntry,
    activity: Mapping[tuple[str, date, str], Decimal],
    rates: Mapping[date, Rates],
    to: str,
) -> dict[str, Cleared] | None:
    """Return what the settlements that an entry pays out have in clearing; None without a rate."""
    paid = {
        line.settlement_id
        for line in entry.lines
        if line.part == PAYOUT and line.category == CLEARING and line.settlement_id is not None
    }
    stated: dict[str, Decimal] = dict.fromkeys(paid, Decimal(0))
    there: dict[str, Decimal] = dict.fromkeys(paid, Decimal(0))
    for (settlement, day, currency), amount in activity.items():
        # A day of before entries were converted is in no clearing account of this currency.
        if settlement not in paid or currency != entry.currency or day not in rates:
            continue
        rate = rates[day].on(day, currency)
        if rate is None:
            return None
        stated[settlement] += amount
        there[settlement] += rounded(amount * rate, to)
    return {name: Cleared(stated[name], there[name]) for name in paid}


def _no_rate(entry: JournalEntry, to: str, source: str) -> str:
    return (
        f"no rate of {entry.currency} to {to} on {entry.business_date} or in the week before in "
        f"{source}: `daybook rates import FILE --source {source}`"
    )


def _without_account(entry: JournalEntry) -> str | None:
    roles = {"fx.conversion": "fx", "rounding": "rounding"}
    lacking = sorted({roles.get(line.category, "") for line in entry.lines if not line.account})
    if not lacking:
        return None
    return (
        f"no account for {', '.join(lacking)}: name one under accounts in the mapping of the "
        "organisation"
    )


def payout_days(store: Store, days: Sequence[date]) -> list[date]:
    """Return the days that pay out the settlements which some days have lines of."""
    lake = store.lake
    chosen = lake.partitions("transactions", store.slug, days)
    if not chosen:
        return []
    every_day = lake.partitions("transactions", store.slug, lake.days("transactions", store.slug))
    with store.workspace.engine() as con:
        rows = con.execute(
            f"SELECT DISTINCT business_date FROM {scan(every_day)} WHERE payout_id IS NOT NULL "
            f"AND settlement_id IN (SELECT settlement_id FROM {scan(chosen)})"
        ).fetchall()
    return [day for (day,) in rows]
