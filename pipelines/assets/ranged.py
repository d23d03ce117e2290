"""What steps over many days have in common: one connection or day that fails stops alone."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date

import dagster as dg

from connectors.database.registry import Connection
from connectors.errors import BadInput
from connectors.home.redaction import clean_errors, redacted
from connectors.lake.temporary import sweep
from connectors.lake.windows import Window
from pipelines.interrupts import interruption_in_words
from pipelines.partitions import by_connection
from pipelines.recording import Recorder
from pipelines.stages.workspace import Workspace

Failed = Mapping[date, str]
BadDays = Mapping[tuple[str, date], str]
Work = Callable[[Workspace, Connection, Window], Failed]


def each_window(
    workspace: Workspace,
    keys: Iterable[str],
    recorder: Recorder,
    work: Work,
    *,
    what: str,
    run: str,
) -> BadDays:
    """Do the windows of a run one by one, recording each; returns all bad days.

    `what` names the work on the connection's card while it runs and after it, and `run` is the
    Dagster run that a failure leads to.
    """
    sweep(workspace.settings)
    failed: dict[tuple[str, date], str] = {}
    for slug, windows in by_connection(keys).items():
        try:
            connection = workspace.registry.connections.get(slug)
        except BadInput as error:
            failed |= {(slug, day): str(error) for window in windows for day in window}
            continue
        for window in windows:
            with (
                interruption_in_words(),
                clean_errors(),
                workspace.registry.activities.record(slug, what, window.days, run) as outcome,
            ):
                try:
                    bad = work(workspace, connection, window)
                finally:
                    recorder.flush()
                outcome.problem = next(iter(bad.values()), None)
            failed |= {(slug, day): why for day, why in bad.items()}
    return failed


def failure(failed: BadDays) -> dg.Failure:
    """One error that names every bad day, raised last: the good ones are recorded."""
    named = [redacted(f"{slug} {day}: {why}") for (slug, day), why in sorted(failed.items())]
    return dg.Failure(
        description=f"{len(named)} of the run's days failed. First: {named[0]}",
        metadata={"failed_days": dg.MetadataValue.md("\n".join(f"- {line}" for line in named))},
        allow_retries=False,
    )
