"""Readiness of a store's entries for a target: accounts, taxes and costs, and what is to come.

An entry is *held* where its owner must act; the cure says how. What *waits* is no entry yet: its
platform has still to say something. Nobody releases what waits: once the data is there, it is an
entry. Nothing is stored, and no platform is called.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from statistics import median_low
from typing import Final, Literal

import duckdb

from connectors.accounts.setup import Setup
from connectors.database.registry import DayState
from connectors.documents.control_totals import last_business_day
from connectors.lake.windows import ONE_DAY, Window
from mappings.journal.config import MappingConfig
from mappings.model import BOOKS
from pipelines.stages.conversions import convert
from pipelines.stages.entry_lines import (
    UnfinishedSettlement,
    unfinished_settlements,
    write_journals,
)
from pipelines.stages.journals import journal_entries
from pipelines.stages.preflight import is_of_taxes
from pipelines.stages.store import Store

# By site and currency: settlements of several sites end on days of their own.
Series = Mapping[tuple[str | None, str], Sequence[date]]
_PAYOUT_TO_COME: Final = "the settlement is not closed: its entry is made once it is paid out"
_LINES_TO_COME: Final = (
    "the settlement is paid out, and lines of its days are still to come: its entry is made once "
    "they add up to what it states"
)
_PROBLEMS = """
SELECT
    entry_id, any_value(business_date), any_value(currency),
    any_value(accounts_problem), any_value(taxes_problem), any_value(costs_problem)
FROM journal
GROUP BY entry_id
ORDER BY 2, 1
"""


@dataclass(frozen=True, slots=True)
class EntryReadiness:
    """The readiness of one entry: None for what is ready, else the problem and its cure.

    `period` is what holds an entry of a closed day.
    """

    entry_id: str
    business_date: date
    currency: str
    accounts: str | None
    taxes: str | None
    costs: str | None
    period: str | None = None

    @property
    def state(self) -> Literal["ready", "held"]:
        """Return `held` while its owner must act."""
        is_ready = (self.accounts, self.taxes, self.costs, self.period) == (None,) * 4
        return "ready" if is_ready else "held"


@dataclass(frozen=True, slots=True)
class PlatformWait:
    """Days, or a settlement, whose data the platform has still to send: nobody needs to act.

    `expected` is the day it is due by the rhythm of the settlements before, None where there are
    fewer than two of them.
    """

    first_day: date
    last_day: date
    reason: str
    expected: date | None
    settlement_id: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class StoreReadiness:
    """The entries of a store's days for a target with their readiness, and what they wait for."""

    connection: str
    target: str
    entries: list[EntryReadiness]
    waiting: list[PlatformWait]

    @property
    def held(self) -> list[EntryReadiness]:
        """Return the entries whose owner must act."""
        return [entry for entry in self.entries if entry.state == "held"]


def readiness(store: Store, target: str, window: Window) -> StoreReadiness:
    """Return how ready a store's entries of a window are for the books or an organisation.

    Those of a settlement are among them where it has lines in the window. `ConfigError` where this
    release cannot read a saved mapping.
    """
    registry = store.workspace.registry
    days = sorted(day for day in store.lake.days("transactions", store.slug) if day in window)
    since = _since(store, target)
    series = _series(store)
    states = registry.days.list(store.slug, window.start, window.end)
    waiting = list(_open_days(series, [state for state in states if state.state == "open"]))
    entries: list[EntryReadiness] = []
    if days:
        with store.workspace.engine() as con:
            entries = _entries(con, store, target, days, since)
            unfinished = unfinished_settlements(con, store, target, days, since)
        waiting += [_settlement_wait(store, series, each) for each in unfinished]
    waiting.sort(key=lambda each: (each.first_day, each.settlement_id or ""))
    return StoreReadiness(store.slug, target, entries, waiting)


def _since(store: Store, target: str) -> date:
    """Return the first day whose entries a target gets; any day while posting is off."""
    if target == BOOKS:
        return date.min
    organisation = store.workspace.registry.connections.get(target)
    return Setup.model_validate(organisation.setup).posting.since or date.min


def _entries(
    con: duckdb.DuckDBPyConnection, store: Store, target: str, days: Sequence[date], since: date
) -> list[EntryReadiness]:
    held = store.workspace.registry.publications.list(target, [store.slug], states=["held"])
    closed = {p.entry_id: p.message for p in held if p.waits_for == "open_period"}
    charted = {p.entry_id: p.message or "" for p in held if p.waits_for == "chart"}
    proposed = store.override if target == BOOKS else None
    entries: list[EntryReadiness] = []
    journals = write_journals(con, store, target, days, since=since, proposed=proposed)
    for mapping in journals:
        unconverted = _unconverted(con, store, target, mapping, since)
        for entry_id, day, currency, accounts, taxes, costs in con.execute(_PROBLEMS).fetchall():
            chart = charted.get(entry_id)
            untaxed = chart if chart is not None and is_of_taxes(chart) else None
            unbooked = chart if untaxed is None else None
            entries.append(
                EntryReadiness(
                    entry_id,
                    day,
                    currency,
                    accounts or unconverted.get(entry_id) or unbooked,
                    taxes or untaxed,
                    costs,
                    closed.get(entry_id),
                )
            )
    return sorted(entries, key=lambda entry: (entry.business_date, entry.entry_id))


def _unconverted(
    con: duckdb.DuckDBPyConnection, store: Store, target: str, mapping: MappingConfig, since: date
) -> dict[str, str]:
    """Return what holds entries of other currencies than the organisation's, by entry."""
    if mapping.currency is None:
        return {}
    made = journal_entries(con, "journal", store.slug, {}, as_posted=False)
    converted = convert(con, store, target, mapping, dict.fromkeys(made), since)
    return {entry.entry_id: reason for entry, reason in converted.items() if reason is not None}


def _open_days(series: Series, states: Sequence[DayState]) -> Iterator[PlatformWait]:
    """Yield open days that follow each other as one."""
    expected = {s.day: _expected(series, s.day, None) for s in states}
    start = 0
    for at, state in enumerate(states):
        following = states[at + 1] if at + 1 < len(states) else None
        if (
            following is not None
            and following.day == state.day + ONE_DAY
            and following.reason == state.reason
            and expected[following.day] == expected[state.day]
        ):
            continue
        reason = state.reason or "no settlement covers it yet"
        yield PlatformWait(states[start].day, state.day, reason, expected[state.day])
        start = at + 1


def _settlement_wait(
    store: Store, series: Series, unfinished: UnfinishedSettlement
) -> PlatformWait:
    statement = next(
        (s for s in store.settlements if s.settlement_id == unfinished.settlement_id), None
    )
    stated = statement.deposit_day if statement is not None else None
    return PlatformWait(
        unfinished.first_day,
        unfinished.last_day,
        _LINES_TO_COME if unfinished.is_closed else _PAYOUT_TO_COME,
        stated or _expected(series, unfinished.last_day, unfinished.currency),
        unfinished.settlement_id,
        unfinished.currency,
    )


def _series(store: Store) -> Series:
    """Return when the paid out settlements of a store ended, by site and currency, oldest first."""
    zone = store.connection.timezone
    series: dict[tuple[str | None, str], set[date]] = defaultdict(set)
    for each in store.settlements:
        if each.payout is not None:
            ends = series[each.marketplace, each.currency]
            ends.add(last_business_day(each.period_end, zone))
    return {key: sorted(ends) for key, ends in series.items()}


def _expected(series: Series, day: date, currency: str | None) -> date | None:
    """Return when every series of a currency has reached a day, by the usual time between two."""
    chosen = (ends for (_, of), ends in series.items() if currency in {None, of})
    return max((end for ends in chosen if (end := _reached(ends, day)) is not None), default=None)


def _reached(ends: Sequence[date], day: date) -> date | None:
    """Return the end of the period that a day after the last end lies in; None without a rhythm.

    None too for a day before: one of the settlements is missing, and nothing says when it comes.
    """
    if len(ends) < 2 or day <= ends[-1]:
        return None
    usual = median_low([later - earlier for earlier, later in pairwise(ends)])
    periods = -((ends[-1] - day) // usual)
    return ends[-1] + periods * usual
