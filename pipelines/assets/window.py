"""One window of one connection through the chain, day by day accounted for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import duckdb

from connectors.accounts.broker import NeedsReconnection
from connectors.accounts.platforms import platform_named
from connectors.channels.history import can_visit, today_of
from connectors.channels.rounds import next_morning
from connectors.database.registry import Connection
from connectors.database.registry.records import DayStateName
from connectors.errors import DaybookError, RateLimited, Transient, summary
from connectors.home.redaction import redacted
from connectors.lake.windows import Window
from mappings.journal.config import MappingConfig
from pipelines import checks
from pipelines.checks import JOURNALS, NORMALISED, RAW, SETTLEMENTS, Check
from pipelines.partitions import key
from pipelines.recording import Recorder
from pipelines.resources import Listener
from pipelines.stages.gaps import gaps
from pipelines.stages.journals import EntryFacts, build_journals, plan
from pipelines.stages.mapping import mapping_of
from pipelines.stages.normalise import DayFacts, covered, normalise
from pipelines.stages.provisional import (
    in_force,
    is_booked,
    provisional_days,
    write_provisional,
)
from pipelines.stages.raw import read_raw
from pipelines.stages.settlements import chained, unsteady_reserves, write_settlements
from pipelines.stages.ties import untied
from pipelines.stages.visiting import visit
from pipelines.stages.workspace import Workspace

OPEN = "no settlement covers this day yet"
FORETOLD = f"{OPEN}: its figures in the warehouse are provisional"
BOOKED_AHEAD = f"{OPEN}: it is booked with provisional figures"
# How far back a visit reads again what it was not asked for.
RECENT = timedelta(days=3)
TRY_AGAIN = timedelta(hours=1)


@dataclass
class WindowRun:
    """The chain over one window: what is selected runs, what fails stops its day alone."""

    workspace: Workspace
    connection: Connection
    window: Window
    selected: set[str]
    recorder: Recorder
    listener: Listener
    reach: timedelta
    now: datetime
    again: bool = False
    failed: dict[date, str] = field(default_factory=dict)
    open: set[date] = field(default_factory=set)
    uncovered: set[date] = field(default_factory=set)
    empty: set[date] = field(default_factory=set)
    foretold: set[date] = field(default_factory=set)
    waiting: str | None = None
    visited: bool = False
    refused: list[str] = field(default_factory=list)

    def execute(self) -> dict[date, str]:
        """Run the selected stages; returns the failed days and why."""
        if RAW in self.selected and can_visit(self.connection):
            self._visit()
        documents = in_force(self.workspace, self.connection)
        self.open = set(self.window) - covered(documents, self.window).keys() - self.failed.keys()
        # Whatever else becomes of them: no document supports what was posted of these.
        self.uncovered = set(self.open)
        if self.connection.state == "needs_reauth":
            self._fail_what_cannot_be_fetched()
        try:
            self._stages(mapping_of(self.workspace.registry, self.connection.slug))
        except (DaybookError, OSError, duckdb.Error) as error:
            for day in set(self.window) - self.open:
                self.failed.setdefault(day, summary(error))
        for asset in self.selected:
            for day in self.open:
                self.recorder.left_open(asset, key(self.connection.slug, day))
        self._remember()
        if self.visited:
            # Only now: until its days are done, a visit is not over.
            self.workspace.registry.sync_schedule.set(self.connection.slug, self._tomorrow())
        return self.failed

    def _visit(self) -> None:
        """Fetch what the channel has of the window; days elsewhere that it touches are asked for.

        A visit that breaks off fails the window. One that a platform puts off leaves it open.
        """
        slug, registry = self.connection.slug, self.workspace.registry
        try:
            found = visit(
                self.workspace,
                self.connection,
                self.window,
                self.now,
                self.reach,
                again=self.again,
            )
        except RateLimited as error:
            until = self.now + timedelta(seconds=error.retry_after)
            self._put_off(until, str(error))
            local = until.astimezone(ZoneInfo(self.connection.timezone))
            title = platform_named(self.connection.channel).title
            self.waiting = f"waiting for {title} until {local:%Y-%m-%d %H:%M}"
        except NeedsReconnection:
            self.connection = registry.connections.get(slug)
        except (DaybookError, OSError, duckdb.Error) as error:
            why = redacted(summary(error))
            self.failed |= dict.fromkeys(self.window, why)
            passes = isinstance(error, Transient)
            self._put_off(self.now + TRY_AGAIN if passes else self._tomorrow(), why)
        else:
            self.refused = found.refused
            self.waiting = next(iter(found.refused), None)
            made = registry.sync_schedule.by_connection().get(slug)
            self._ask_for({*found.days, *(made.days if made else ())})
            self.visited = True

    def _tomorrow(self) -> datetime:
        return next_morning(self.connection.slug, self.connection.timezone, self.now)

    def _put_off(self, at: datetime, why: str) -> None:
        """Visit at another time; what a visit that broke off has left to do is done then too."""
        registry, slug = self.workspace.registry, self.connection.slug
        made = registry.sync_schedule.by_connection().get(slug)
        registry.sync_schedule.set(slug, at, {*self.window, *(made.days if made else ())}, why)

    def _ask_for(self, days: Collection[date]) -> None:
        """Have days done that what was fetched touches and that this run is not about."""
        today = today_of(self.connection, self.now)
        elsewhere = [day for day in days if day not in self.window and day < today]
        if elsewhere:
            slug = self.connection.slug
            self.workspace.registry.inbox.request_days(
                slug, elsewhere, "documents touch them", "sync"
            )

    def _fail_what_cannot_be_fetched(self) -> None:
        """Days without documents stay without until the owner connects the account again."""
        why = self.connection.reason or "the platform no longer accepts the authorisation"
        for day in self.open:
            self.failed[day] = f"{why}: connect {self.connection.slug} again"
        self.open = set()

    def _stages(self, mapping: MappingConfig) -> None:
        if RAW in self.selected:
            self._read()
        if NORMALISED in self.selected:
            self._foretell(mapping)
            self._normalise(mapping)
        if SETTLEMENTS in self.selected:
            self._settle()
        if JOURNALS in self.selected:
            self._journalise(mapping)

    def _ready(self) -> list[date]:
        """Days that are covered, normalised and have not failed so far."""
        present = self.workspace.lake.days("transactions", self.connection.slug)
        wanted = [day for day in self.window if day not in self.open and day not in self.failed]
        for day in wanted:
            if day not in present:
                self.failed[day] = "the day is not normalised yet"
        return [day for day in wanted if day in present]

    def _record(self, asset: str, day: date, metadata: Mapping[str, object]) -> None:
        self.recorder.materialised(asset, key(self.connection.slug, day), metadata)

    def _check(self, check: Check, day: date, problem: str | None) -> None:
        """Record one evaluation; a blocking one that failed stops the day here."""
        self.recorder.checked(
            check.asset,
            check.name,
            key(self.connection.slug, day),
            problem is None,
            severity=(
                dg.AssetCheckSeverity.ERROR if check.blocking else dg.AssetCheckSeverity.WARN
            ),
            description=problem,
        )
        if problem is not None and check.blocking:
            self.failed.setdefault(day, problem)

    def _judge(self, check: Check, day: date, found: Mapping[date, str | None]) -> None:
        """Record a check on the days that it applies to."""
        if day in found:
            self._check(check, day, found[day])
        else:
            self.recorder.unjudged(check.asset, check.name, key(self.connection.slug, day))

    def _read(self) -> None:
        raw = read_raw(self.workspace, self.connection, self.window)
        for day, documents in sorted(raw.days.items()):
            self._check(checks.AS_STORED, day, raw.failed.get(day))
            if day in self.failed:
                continue
            self._record(
                RAW,
                day,
                {
                    "documents": ", ".join(m.document[:12] for m in documents),
                    "files": ", ".join(m.name for m in documents),
                },
            )
        self.listener(self.connection.slug, RAW, len(raw.days))

    def _normalise(self, mapping: MappingConfig) -> None:
        outcome = normalise(
            self.workspace, self.connection, self.window, mapping, skip=self.failed.keys()
        )
        for day, facts in sorted(outcome.days.items()):
            for check in (checks.CONSERVED, checks.UNIQUE):
                self._check(check, day, facts.broken.get(check.name))
            if day in outcome.failed:
                continue
            self._check(checks.CLASSIFIED, day, _without_rule(facts))
            if not facts.rows:
                self.empty.add(day)
            self._record(NORMALISED, day, _normalised_metadata(facts))
        for day, why in outcome.failed.items():
            self.failed.setdefault(day, why)
        self.listener(self.connection.slug, NORMALISED, len(outcome.written))

    def _foretell(self, mapping: MappingConfig) -> None:
        """What the channel tells of days that no settlement covers; a fault of it stops no day."""
        try:
            self.foretold = write_provisional(self.workspace, self.connection, mapping)
        except (DaybookError, OSError, duckdb.Error) as error:
            why = redacted(summary(error))
            self.waiting = self.waiting or f"{OPEN}; what is foretold of it cannot be read: {why}"

    def _settle(self) -> None:
        days = self._ready()
        ties = untied(self.workspace, self.connection, days, self.failed.keys())
        reserves = unsteady_reserves(self.workspace, self.connection, days)
        counts = write_settlements(self.workspace, self.connection, days)
        for day, count in counts.items():
            self._judge(checks.TIES_SETTLEMENT, day, ties)
            self._judge(checks.RESERVES, day, reserves)
            self._record(SETTLEMENTS, day, {"dagster/row_count": count})
        for day in sorted(ties.keys() - counts.keys()):
            # It closes on a day that was done before; these of its days were done again now.
            self._check(checks.TIES_SETTLEMENT, day, ties[day])
        lake = self.workspace.lake
        missing = gaps(
            self.connection,
            chained(self.connection, lake.effective_documents(self.connection.slug)),
        )
        findings = [*self.refused, *map(str, missing)]
        self.workspace.registry.findings.set(self.connection.slug, findings)
        self.listener(self.connection.slug, SETTLEMENTS, len(counts))

    def _journalise(self, mapping: MappingConfig) -> None:
        built = build_journals(self.workspace, self.connection, self._ready(), mapping)
        for day, entries in sorted(built.days.items()):
            self._check(checks.BALANCED, day, built.failed.get(day))
            if day in self.failed:
                continue
            residue = [f"{e.facilitator_tax:f} {e.currency}" for e in entries if e.facilitator_tax]
            left = f"facilitator tax leaves {', '.join(residue)}" if residue else None
            self._check(checks.FACILITATOR, day, left)
            self._record(JOURNALS, day, _journal_metadata(entries))
        # What is planned for a day that nothing supports any more must go.
        unsupported: dict[date, list[EntryFacts]] = {day: [] for day in self.uncovered}
        whole = replace(built, days=built.days | unsupported)
        plan(self.workspace, self.connection, self.window, whole)
        self.listener(self.connection.slug, JOURNALS, len(built.days))

    def _remember(self) -> None:
        """Leave the reason of every day where an operator and the connection's card can read it."""
        states: dict[date, tuple[DayStateName, str | None]] = {}
        ahead = is_booked(self.connection)
        booked = provisional_days(self.workspace, self.connection) if ahead else set()
        for day in {*self.window, *self.failed}:
            if day in self.failed:
                states[day] = ("failed", self.failed[day])
            elif day in booked:
                states[day] = ("open", BOOKED_AHEAD)
            elif day in self.open:
                told = FORETOLD if day in self.foretold else OPEN
                states[day] = ("open", self.waiting or told)
            elif JOURNALS in self.selected:
                states[day] = ("empty" if day in self.empty else "done", None)
        self.workspace.registry.days.set_states(self.connection.slug, states)


def _without_rule(facts: DayFacts) -> str | None:
    """Say what no rule of its own places: lines that hold the entry, and lines booked by family."""
    reasons = [f"{facts.unclassified} lines have no category"] if facts.unclassified else []
    if facts.assumed:
        reasons.append(f"{facts.assumed} lines have an assumed one: see `daybook mappings words`")
    return "; ".join(reasons) or None


def _normalised_metadata(facts: DayFacts) -> dict[str, object]:
    return {
        "dagster/row_count": facts.rows,
        "documents": ", ".join(document[:12] for document in facts.documents),
        **{f"total_{currency}": f"{total:f}" for currency, total in sorted(facts.totals.items())},
    }


def _journal_metadata(entries: list[EntryFacts]) -> dict[str, object]:
    return {
        "dagster/row_count": sum(e.lines for e in entries),
        "entries": ", ".join(f"{e.entry_id} {e.content_hash[:12]}" for e in entries) or "none",
        "held": "; ".join(e.held_reason for e in entries if e.held_reason) or "none",
    }
