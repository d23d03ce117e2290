"""Looking after what is connected: grants that nobody uses are used, so that they do not end."""

import dagster as dg

from connectors.errors import DaybookError
from connectors.home.redaction import clean_errors
from pipelines.interrupts import interruption_in_words
from pipelines.resources import Daybook


@dg.op(description="Uses grants that were idle for a week, and notes what ends when.")
def keep_grants_alive(context: dg.OpExecutionContext, daybook: dg.ResourceParam[Daybook]) -> None:
    """Keep each account's grant alive; the log and the card name those that need their owner."""
    from connectors.accounts.accounts import Accounts

    failed = []
    with interruption_in_words(), daybook.open() as workspace:
        accounts = Accounts(workspace.settings, workspace.registry)
        for connection in workspace.registry.connections.list():
            # A paused one keeps its grant, too: without it nobody could resume it.
            if connection.kind != "api" or connection.state not in {"active", "paused"}:
                continue
            try:
                with clean_errors():
                    accounts.keep_alive(connection.slug)
            except DaybookError as error:
                reason = str(error).removeprefix(f"{connection.slug}: ")
                failed.append(f"{connection.slug}: {reason}")
                context.log.warning(failed[-1])
    if failed:
        raise dg.Failure(f"{len(failed)} accounts failed. First: {failed[0]}", allow_retries=False)


@dg.job(description="Keeps the authorisations of idle connections alive.")
def upkeep() -> None:
    """Run one step over all connections."""
    keep_grants_alive()
