"""Steps over windows of days, in which one connection or day that fails stops alone."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from typing import Final

import dagster as dg
import duckdb

from connectors.database.registry import Connection, Registry
from connectors.errors import BadInput, DaybookError, Transient, summary
from connectors.home.redaction import clean_errors, redacted
from connectors.lake.temporary import sweep
from connectors.lake.windows import ONE_DAY, Window
from pipelines.interrupts import interruption_in_words
from pipelines.partitions import CONNECTION, DAYS, by_connection, days_tag
from pipelines.recorder import Recorder
from pipelines.stages.results import DayResult
from pipelines.stages.workspace import Workspace

log = logging.getLogger(__name__)

Failed = Mapping[tuple[str, date], str]
Work = Callable[[Workspace, Connection, Sequence[Window]], Iterator[list[DayResult]]]
# As long as a run waits for its place in a pool.
WAIT_SECONDS: Final = 600.0


def each_connection(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    recorder: Recorder,
    work: Work,
    activity: str,
) -> Failed:
    """Do a run's connections one by one, recording what each did; return all failed days.

    `activity` names the work on the connection's card while it runs and after it.
    """
    sweep(workspace.settings)
    failed: dict[tuple[str, date], str] = {}
    windows_by_slug = by_connection(context.partition_keys)
    _name(context, windows_by_slug)
    for slug, windows in windows_by_slug.items():
        try:
            connection = workspace.registry.connections.get(slug)
        # A backfill may name a store that was removed since it was requested.
        except BadInput as error:
            failed |= {(slug, day): str(error) for window in windows for day in window}
            continue
        days = sum(window.days for window in windows)
        reasons: dict[date, str] = {}
        reached: set[date] = set()
        try:
            with (
                interruption_in_words(),
                clean_errors(),
                alone(workspace.registry, slug),
                workspace.registry.activities.record(
                    slug, activity, days, context.run_id
                ) as outcome,
            ):
                try:
                    for results in work(workspace, connection, windows):
                        recorder.record(slug, results)
                        reasons |= {r.day: r.failure for r in results if r.failure is not None}
                        reached |= {r.day for r in results}
                # What was written before an interruption is recorded as written.
                finally:
                    recorder.flush()
                outcome.problem = next(iter(reasons.values()), None)
        # What stops a connection as a whole (a damaged manifest, another run) stops no other one.
        except (DaybookError, OSError, duckdb.Error) as error:
            reason = redacted(summary(error))
            left = (day for window in windows for day in window if day not in reached)
            reasons |= dict.fromkeys(left, reason)
        failed |= {(slug, day): reason for day, reason in reasons.items()}
    return failed


def _name(context: dg.AssetExecutionContext, windows: Mapping[str, Sequence[Window]]) -> None:
    """Tag a run that somebody launched in the UI with its stores and days, as the others are."""
    if CONNECTION in context.run.tags or not windows:
        return
    first = min(listed[0].start for listed in windows.values())
    last = max(listed[-1].end for listed in windows.values()) - ONE_DAY
    context.instance.add_run_tags(
        context.run_id, {CONNECTION: ", ".join(windows), DAYS: days_tag(first, last)}
    )


@contextmanager
def alone(registry: Registry, slug: str) -> Iterator[None]:
    """Wait until no other run works on a connection; `Transient` names the one that does."""
    name = f"work on {slug}"
    with ExitStack() as stack:
        try:
            stack.enter_context(registry.lock(name, 0))
        except Transient:
            holder = _holder(registry, slug)
            log.warning("waiting for %s, which works on %s", holder, slug)
            try:
                stack.enter_context(registry.lock(name, WAIT_SECONDS))
            except Transient as error:
                raise Transient(
                    f"{holder} works on {slug} for more than {WAIT_SECONDS / 60:g} minutes: try "
                    "again when it has ended, or cancel it in the Dagster UI"
                ) from error
        yield


def _holder(registry: Registry, slug: str) -> str:
    """Name the run that works on a connection."""
    running = registry.activities.running().get(slug)
    return f"the {running.what} run {running.run}" if running else "another run"


def failure(failed: Failed) -> dg.Failure:
    """Return one error that names every failed day, raised last: the good ones are recorded."""
    lines = [redacted(f"{slug} {day}: {reason}") for (slug, day), reason in sorted(failed.items())]
    return dg.Failure(
        description=f"{len(lines)} of the run's days failed. First: {lines[0]}",
        metadata={"failed_days": dg.MetadataValue.md("\n".join(f"- {line}" for line in lines))},
        allow_retries=False,
    )
