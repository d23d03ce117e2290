"""Entries of an organisation in its own currency, where its mapping names rates for that."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from connectors.rates import LAST_BEFORE, Rates
from mappings.journal.config import MappingConfig
from mappings.journal.conversion import (
    Cleared,
    Conversion,
    ConversionAccounts,
    SettlementDay,
    converted,
    converted_by_day,
    invoiced_in,
    owed,
    rounded,
)
from mappings.journal.merged_lines import BY_ACCOUNT
from mappings.model import (
    CARRIED_FORWARD,
    CLEARING,
    JOURNAL,
    PAYOUT,
    JournalEntry,
    JournalLine,
    day_of,
    settlement_of,
)
from pipelines.stages.entry_lines import write_settlement_days
from pipelines.stages.journals import journal_entries
from pipelines.stages.mapping import mappings_in_effect
from pipelines.stages.partitions import scan
from pipelines.stages.store import Store

# What each day of a settlement put into clearing, of settlements that some days pay out and others.
_CLEARED = """
SELECT settlement_id, business_date, currency, sum(amount)::DECIMAL(38,4)
FROM {every_day}
WHERE payout_id IS NULL AND (
    settlement_id IN (SELECT settlement_id FROM {days} WHERE payout_id IS NOT NULL)
    OR settlement_id IN (SELECT unnest($settlements::VARCHAR[]))
)
GROUP BY ALL
"""


def convert(
    con: duckdb.DuckDBPyConnection,
    store: Store,
    target: str,
    mapping: MappingConfig,
    entries: Mapping[JournalEntry, str | None],
    since: date,
) -> dict[JournalEntry, str | None]:
    """Return entries in the currency that a mapping converts into, each with what holds it.

    One without a rate of its day, or of each of its settlement's days, is held as it is. `since` is
    the first day that the target gets. The table `journal` has the entries.
    """
    conversion = mapping.currency
    foreign = [e for e in entries if conversion and e.currency != conversion.to]
    if conversion is None or not foreign:
        return dict(entries)
    parts = _parts(con, store, mapping, foreign)
    activity = _activity(con, store, foreign, since)
    currencies = {conversion.to, *(entry.currency for entry in foreign)}
    of_parts = {day.business_date for days in parts.values() for day in days}
    days = {e.business_date for e in foreign} | {day for _, day, _ in activity} | of_parts
    rates = _rates(store, target, conversion.to, currencies, sorted(days))
    for entry_id, part in parts.items():
        _extend(rates, day_of(entry_id), part)
    work = _Conversion(
        conversion.to,
        rates,
        parts,
        activity,
        ConversionAccounts(
            *(mapping.account(role, store.slug) for role in ("fx", "rounding", "carried_forward"))
        ),
        is_grouped=mapping.grouping == BY_ACCOUNT,
    )
    outcome: dict[JournalEntry, str | None] = {}
    for entry, held in entries.items():
        if entry.currency == conversion.to:
            outcome[entry] = held
            continue
        result = work.of_entry(entry)
        if isinstance(result, JournalEntry):
            if conversion.invoices == "own" and entry.document != JOURNAL:
                result = invoiced_in(result, entry.currency)
            outcome[result] = held or _without_account(result)
        else:
            outcome[entry] = held or _no_rate(result, entry.currency, conversion, target)
    return outcome


@dataclass(frozen=True, slots=True)
class _Conversion:
    """The conversion of some entries into one currency.

    `rates` are those of each day that is converted; `parts` the days of entries of settlements;
    `activity` what each day of a settlement put into clearing.
    """

    to: str
    rates: Mapping[date, Rates]
    parts: Mapping[str, Sequence[JournalEntry]]
    activity: Mapping[tuple[str, date, str], Decimal]
    accounts: ConversionAccounts
    is_grouped: bool

    def of_entry(self, entry: JournalEntry) -> JournalEntry | list[date]:
        """Return an entry converted, or the days that it lacks a rate of."""
        settlement = settlement_of(entry.entry_id)
        if settlement is not None:
            return self._of_settlement(entry, settlement)
        rate = self._rate(entry.business_date, entry.currency)
        cleared = self._cleared(_paid(entry.lines), entry.currency)
        if isinstance(cleared, list):
            return cleared
        if rate is None:
            return [entry.business_date]
        return converted(entry, self.to, rate, cleared, self.accounts)

    def _of_settlement(self, entry: JournalEntry, settlement: str) -> JournalEntry | list[date]:
        siblings = {
            entry_id: days
            for entry_id, days in self.parts.items()
            if settlement_of(entry_id) == settlement and days[0].currency == entry.currency
        }
        own = self._days(siblings[entry.entry_id])
        before = [day for name, days in siblings.items() if name < entry.entry_id for day in days]
        lines = [line for day in (*before, *siblings[entry.entry_id]) for line in day.lines]
        cleared = self._cleared(_paid(lines), entry.currency)
        earlier = self._days([day for day in before if day.business_date in self.rates])
        lacking = [
            day for listed in (cleared, own, earlier) for day in listed if isinstance(day, date)
        ]
        if lacking or isinstance(cleared, list):
            return sorted(set(lacking))
        brought = None
        if entry.entry_id == max(siblings):
            stated, amount = owed(_all_known(earlier), self.to, cleared)
            # What is carried forward from days that were not converted has no rate of its own.
            rest = _owed_as_stated(before) - stated
            last = self._rate(entry.business_date, entry.currency) or Decimal(0)
            brought = (stated + rest, amount + rounded(rest * last, self.to))
        return converted_by_day(
            *(entry, self.to, _all_known(own), brought, cleared, self.accounts),
            is_grouped=self.is_grouped,
        )

    def _days(self, days: Iterable[JournalEntry]) -> list[SettlementDay | date]:
        """Return days with their rates; the day alone where there is none."""
        return [
            SettlementDay(day, rate)
            if (rate := self._rate(day.business_date, day.currency)) is not None
            else day.business_date
            for day in days
        ]

    def _rate(self, day: date, currency: str) -> Decimal | None:
        rates = self.rates.get(day)
        return rates.on(day, currency) if rates is not None else None

    def _cleared(
        self, settlements: Collection[str], currency: str
    ) -> dict[str, Cleared] | list[date]:
        """Return what settlements have in clearing, or the days that lack a rate."""
        stated: dict[str, Decimal] = dict.fromkeys(settlements, Decimal(0))
        there: dict[str, Decimal] = dict.fromkeys(settlements, Decimal(0))
        lacking: list[date] = []
        for (settlement, day, of), amount in self.activity.items():
            # A day of before entries were converted is in no clearing account of this currency.
            if settlement not in stated or of != currency or day not in self.rates:
                continue
            rate = self._rate(day, currency)
            if rate is None:
                lacking.append(day)
                continue
            stated[settlement] += amount
            there[settlement] += rounded(amount * rate, self.to)
        return lacking or {name: Cleared(stated[name], there[name]) for name in settlements}


def _paid(lines: Iterable[JournalLine]) -> set[str]:
    """Return the settlements that some lines pay out."""
    return {
        line.settlement_id
        for line in lines
        if line.part == PAYOUT and line.category == CLEARING and line.settlement_id is not None
    }


def _all_known(days: Iterable[SettlementDay | date]) -> list[SettlementDay]:
    return [day for day in days if isinstance(day, SettlementDay)]


def _owed_as_stated(days: Iterable[JournalEntry]) -> Decimal:
    lines = (line for day in days for line in day.lines)
    return sum((line.amount for line in lines if line.category == CLEARING), Decimal(0))


def _parts(
    con: duckdb.DuckDBPyConnection,
    store: Store,
    mapping: MappingConfig,
    entries: Iterable[JournalEntry],
) -> dict[str, list[JournalEntry]]:
    """Return the days of every entry of the settlements that some entries are of."""
    settlements = {name for e in entries if (name := settlement_of(e.entry_id)) is not None}
    parts: dict[str, list[JournalEntry]] = defaultdict(list)
    if settlements:
        write_settlement_days(con, store, mapping, settlements)
        for day in journal_entries(con, "day_journal", store.slug, {}, as_posted=True):
            parts[day.entry_id.rpartition("@")[0]].append(day)
    return parts


def _extend(rates: dict[date, Rates], dated: date | None, part: Iterable[JournalEntry]) -> None:
    """Let the days of an entry have its rates where their own mapping converts nothing."""
    own = rates.get(dated) if dated is not None else None
    if own is not None:
        for day in part:
            rates.setdefault(day.business_date, own)


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
                conversion.rates, currencies, days[0] - LAST_BEFORE, days[-1]
            )
            by_source[conversion.rates] = Rates(listed, to)
        by_day |= dict.fromkeys(its_days, by_source[conversion.rates])
    return by_day


def _activity(
    con: duckdb.DuckDBPyConnection, store: Store, entries: Sequence[JournalEntry], since: date
) -> dict[tuple[str, date, str], Decimal]:
    lake = store.lake
    paying = lake.partitions("transactions", store.slug, {e.business_date for e in entries})
    posted = [day for day in lake.days("transactions", store.slug) if day >= since]
    if not paying:
        return {}
    query = _CLEARED.format(
        every_day=scan(lake.partitions("transactions", store.slug, posted)), days=scan(paying)
    )
    names = [name for e in entries if (name := settlement_of(e.entry_id)) is not None]
    rows = con.execute(query, {"settlements": names}).fetchall()
    return {tuple(row[:3]): row[3] for row in rows}


def _no_rate(days: Sequence[date], currency: str, conversion: Conversion, target: str) -> str:
    source = conversion.rates
    cure = f"pull {source}" if source == target else f"import FILE --source {source}"
    return (
        f"no rate of {currency} to {conversion.to} on {', '.join(map(str, days))} or in the week "
        f"before in {source}: `daybook rates {cure}`"
    )


def _without_account(entry: JournalEntry) -> str | None:
    roles = {
        **{"fx.conversion": "fx", "rounding": "rounding"},
        CARRIED_FORWARD: CARRIED_FORWARD,
    }
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
