"""The chain over one window of one store: transactions, settlements and journals, day by day.

Nothing is fetched here. A day without a settlement is recorded as open, and data of earlier
documents is dropped. A failed day fails alone.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date

import duckdb

from connectors.database.registry.findings import MISSING
from connectors.database.registry.findings import PROVISIONAL as PROVISIONAL_FIGURES
from connectors.database.registry.records import DayStateName
from connectors.errors import DaybookError, summary
from connectors.home.redaction import redacted
from connectors.lake.windows import Window
from pipelines import checks
from pipelines.checks import CHAIN, COMPUTED, JOURNALS, SETTLEMENTS, TRANSACTIONS, Check
from pipelines.stages.derived_events import record_settlements
from pipelines.stages.gaps import gaps
from pipelines.stages.journals import EntryFacts, build_journals, plan
from pipelines.stages.normalise import DayFacts, covered, normalise
from pipelines.stages.organisations import backfilled_days, plan_for_organisation
from pipelines.stages.provisional import write_provisional
from pipelines.stages.results import CheckResult, DayResult, first_failure
from pipelines.stages.settlements import unsteady_reserves, write_settlements
from pipelines.stages.store import Store, linked_settlements
from pipelines.stages.ties import untied
from pipelines.stages.verification import damaged_days

OPEN = "no settlement covers this day yet"
PROVISIONAL = f"{OPEN}: its figures in the warehouse are provisional"
BOOKED_AHEAD = f"{OPEN}: it is booked with provisional figures"
NOT_NORMALISED = "the day is not normalised yet: run its transactions first"

Progress = Callable[[str, str, int], None]
Stage = Callable[[Store, Window, Sequence[date], Collection[date]], list[DayResult]]


def silent(_connection: str, _asset: str, _days: int) -> None:
    """Report no progress."""


def compute_days(
    store: Store, window: Window, assets: Collection[str] = CHAIN, progress: Progress = silent
) -> list[DayResult]:
    """Compute the selected assets over a window; return the result of each day.

    The registry gets every day's state, with the reason of an open or failed one.
    """
    covered_days = covered(store.documents, window)
    open_days = [day for day in window if day not in covered_days]
    results: list[DayResult] = []
    failed: dict[date, str] = {}
    for asset, stage in _STAGES.items():
        if asset not in assets:
            continue
        # A failed day stops here: its journal stays unchanged until the day succeeds.
        days = [day for day in window if day in covered_days and day not in failed]
        computed = _attempt(stage, asset, store, window, days, failed)
        failed |= {r.day: r.failure for r in computed if r.failure is not None}
        results += computed
        progress(store.slug, asset, window.days)
    # Dagster would show assets that a failed day didn't reach as missing, without the reason.
    results += _not_reached(results, failed, window, assets)
    results += _open(store, open_days, assets)
    _leave_states(store, open_days, failed, results, assets)
    return results


def _attempt(
    stage: Stage,
    asset: str,
    store: Store,
    window: Window,
    days: Sequence[date],
    failed: Collection[date],
) -> list[DayResult]:
    """Run one stage; an error of the stage as a whole fails each of its days."""
    try:
        return stage(store, window, days, failed)
    # A full disk or a bad mapping stops every day alike; another kind of error is a bug and raises.
    except (DaybookError, OSError, duckdb.Error) as error:
        reason = redacted(summary(error))
        return [DayResult(asset, day, failure=reason) for day in days]


def _transactions(
    store: Store, window: Window, days: Sequence[date], _failed: Collection[date]
) -> list[DayResult]:
    # Hashes are checked before any reading: a damaged document may still decompress.
    damaged = damaged_days(store, window)
    # First, because days that a settlement covers by now must lose their provisional lines.
    _write_provisional(store)
    outcome = normalise(store, window, skip=damaged.keys())
    results = []
    for day in days:
        ahead = BOOKED_AHEAD if day in store.days_booked_ahead else None
        evaluations = [
            CheckResult(checks.COVERED, ahead),
            CheckResult(checks.AS_STORED, damaged.get(day)),
        ]
        facts = outcome.days.get(day)
        if facts is not None:
            evaluations += [
                CheckResult(check, facts.broken.get(check.name))
                for check in (checks.CONSERVED, checks.UNIQUE)
            ]
            evaluations.append(CheckResult(checks.CLASSIFIED, _without_rule(facts)))
        failure = damaged.get(day) or outcome.failed.get(day)
        results.append(
            DayResult(
                TRANSACTIONS,
                day,
                None if failure or facts is None else _transactions_metadata(store, day, facts),
                tuple(evaluations),
                failure,
            )
        )
    return results


def _settlements(
    store: Store, _window: Window, days: Sequence[date], failed: Collection[date]
) -> list[DayResult]:
    ready, missing = _normalised(store, SETTLEMENTS, days)
    ties = untied(store, ready, failed)
    reserves = unsteady_reserves(store, ready)
    rows = write_settlements(store, ready)
    record_settlements(store, ready)
    # A gap is a finding, not a failure: the present days are right.
    _leave_gaps(store)
    results = []
    for day in ready:
        evaluations = _evaluated(checks.TIES_SETTLEMENT, day, ties)
        evaluations += _evaluated(checks.RESERVES, day, reserves)
        metadata = {"state": "done", "dagster/row_count": rows[day]}
        results.append(_checked(SETTLEMENTS, day, metadata, evaluations))
    # Settlements that close on a day computed earlier, with other days computed now.
    for day in sorted(ties.keys() - set(ready)):
        evaluations = _evaluated(checks.TIES_SETTLEMENT, day, ties)
        results.append(DayResult(SETTLEMENTS, day, None, evaluations, first_failure(evaluations)))
    return missing + results


def _journals(
    store: Store, window: Window, days: Sequence[date], _failed: Collection[date]
) -> list[DayResult]:
    ready, missing = _normalised(store, JOURNALS, days)
    built = build_journals(store, ready)
    results = []
    for day in ready:
        entries = built.days[day]
        residue = [f"{e.facilitator_tax:f} {e.currency}" for e in entries if e.facilitator_tax]
        remainder = f"facilitator tax leaves {', '.join(residue)}" if residue else None
        evaluations = (
            CheckResult(checks.BALANCED, built.failed.get(day)),
            CheckResult(checks.FACILITATOR, remainder),
        )
        results.append(_checked(JOURNALS, day, _journal_metadata(entries), evaluations))
    # Plans of days without documents must be withdrawn.
    covered_days = covered(store.documents, window)
    # Open days count as built without entries, so that `plan` withdraws what they had.
    unsupported: dict[date, list[EntryFacts]] = {d: [] for d in window if d not in covered_days}
    whole = replace(built, days=built.days | unsupported)
    plan(store.workspace, store.connection, window, whole)
    computed = {day for day in whole.days if day in window} - whole.failed.keys()
    plan_for_organisation(store, computed, backfilled_days(store, computed))
    return missing + results


_STAGES: Mapping[str, Stage] = {
    TRANSACTIONS: _transactions,
    SETTLEMENTS: _settlements,
    JOURNALS: _journals,
}


def _normalised(
    store: Store, asset: str, days: Sequence[date]
) -> tuple[list[date], list[DayResult]]:
    """Split days into those with transactions and failed results for the others."""
    present = store.lake.days("transactions", store.slug)
    # A file cut off by a full disk exists, and would fail the stage as a whole.
    present -= store.lake.cut_off("transactions", store.slug)
    missing = [day for day in days if day not in present]
    return (
        [day for day in days if day in present],
        [DayResult(asset, day, failure=NOT_NORMALISED) for day in missing],
    )


def _evaluated(
    check: Check, day: date, problems: Mapping[date, str | None]
) -> tuple[CheckResult, ...]:
    """Return a check's evaluation of a day, if it has one."""
    return (CheckResult(check, problems[day]),) if day in problems else ()


def _checked(
    asset: str, day: date, metadata: Mapping[str, object], evaluations: tuple[CheckResult, ...]
) -> DayResult:
    failure = first_failure(evaluations)
    return DayResult(asset, day, None if failure else metadata, evaluations, failure)


def _not_reached(
    results: Sequence[DayResult],
    failed: Mapping[date, str],
    window: Window,
    assets: Collection[str],
) -> list[DayResult]:
    """Return a failed day's results for assets it didn't reach or that have no check for it."""
    written = {(r.asset, r.day) for r in results if r.metadata is not None}
    explained = {
        (r.asset, r.day) for r in results if r.failure is not None and first_failure(r.checks)
    }
    return [
        DayResult(asset, day, None, (CheckResult(COMPUTED[asset], reason),), reason)
        for day, reason in sorted(failed.items())
        for asset in CHAIN
        if day in window and asset in assets and (asset, day) not in written | explained
    ]


def _open(store: Store, days: Sequence[date], assets: Collection[str]) -> list[DayResult]:
    """Return results that record open days at every asset."""
    return [
        DayResult(
            asset,
            day,
            {"state": "open", "reason": _open_reason(store, day), "dagster/row_count": 0},
            (
                (CheckResult(checks.COVERED, _open_reason(store, day)),)
                if asset == TRANSACTIONS
                else ()
            ),
        )
        for asset in CHAIN
        if asset in assets
        for day in days
    ]


def _open_reason(store: Store, day: date) -> str:
    if day in store.days_booked_ahead:
        return BOOKED_AHEAD
    return PROVISIONAL if day in store.provisional_days else OPEN


def _write_provisional(store: Store) -> None:
    """Update the provisional figures; their errors are findings and fail no day."""
    problems: list[str] = []
    try:
        write_provisional(store.workspace, store.connection, store.mapping)
    except (DaybookError, OSError, duckdb.Error) as error:
        problems = [f"they cannot be read: {summary(error)}"]
    store.workspace.registry.findings.set(store.slug, PROVISIONAL_FIGURES, problems)


def _leave_gaps(store: Store) -> None:
    """Store the gaps between settlements for the connection's card."""
    # Without provisional figures: a day that only they cover is still missing its settlement.
    effective = store.lake.effective_documents(store.slug)
    missing = gaps(store.connection, linked_settlements(store.connection, effective))
    store.workspace.registry.findings.set(store.slug, MISSING, list(map(str, missing)))


def _leave_states(
    store: Store,
    open_days: Sequence[date],
    failed: Mapping[date, str],
    results: Sequence[DayResult],
    assets: Collection[str],
) -> None:
    """Store every day's state for operators and the connection's card."""
    states: dict[date, tuple[DayStateName, str | None]] = {
        day: ("open", _open_reason(store, day)) for day in open_days
    }
    states |= {day: ("failed", reason) for day, reason in failed.items()}
    # A day is done when its journal is: a run of other assets alone leaves its state as it was.
    if JOURNALS in assets:
        empty = {r.day for r in results if r.metadata and r.metadata["state"] == "empty"}
        for result in results:
            if result.asset != JOURNALS or not result.metadata or result.day in states:
                continue
            if result.day in store.days_booked_ahead:
                states[result.day] = ("open", BOOKED_AHEAD)
            else:
                states[result.day] = ("empty" if result.day in empty else "done", None)
    store.workspace.registry.days.set_states(store.slug, states)


def _without_rule(facts: DayFacts) -> str | None:
    """Describe lines without a rule of their own: those that hold the entry, those of a family."""
    reasons = [f"{facts.unclassified} lines have no category"] if facts.unclassified else []
    if facts.assumed:
        reasons.append(
            f"{facts.assumed} lines have an assumed one: see `daybook mappings source-types`"
        )
    return "; ".join(reasons) or None


def _state(store: Store, day: date, facts: DayFacts) -> str:
    if day in store.days_booked_ahead:
        return "open"
    return "done" if facts.rows else "empty"


def _transactions_metadata(store: Store, day: date, facts: DayFacts) -> dict[str, object]:
    names = {m.document: m.name for m in store.documents}
    return {
        "state": _state(store, day, facts),
        "dagster/row_count": facts.rows,
        "documents": ", ".join(document[:12] for document in facts.documents),
        "files": ", ".join(names[document] for document in facts.documents),
        **{f"total_{currency}": f"{total:f}" for currency, total in sorted(facts.totals.items())},
    }


def _journal_metadata(entries: Sequence[EntryFacts]) -> dict[str, object]:
    return {
        "state": "done",
        "dagster/row_count": sum(e.lines for e in entries),
        "entries": ", ".join(f"{e.entry_id} {e.content_hash[:12]}" for e in entries) or "none",
        "held": "; ".join(e.held_reason for e in entries if e.held_reason) or "none",
    }
