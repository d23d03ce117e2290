"""Looking after what is connected: grants that nobody uses, and accounts that mappings name."""

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


@dg.op(description="Compares stores' mappings with the charts of their organisations.")
def check_accounts(context: dg.OpExecutionContext, daybook: dg.ResourceParam[Daybook]) -> None:
    """Put on each store's card the accounts that its organisation takes no more."""
    from pipelines.stages.mapping_checks import check_mappings
    from pipelines.stages.organisations import posted_to

    failed = []
    with interruption_in_words(), daybook.open() as workspace:
        for slug in posted_to(workspace):
            try:
                with clean_errors():
                    problems = check_mappings(workspace, workspace.registry.connections.get(slug))
            except DaybookError as error:
                failed.append(f"{slug}: {str(error).removeprefix(f'{slug}: ')}")
                continue
            for store, listed in problems.items():
                for problem in listed:
                    context.log.warning(f"{store}: {problem}")
    if failed:
        raise dg.Failure(
            f"{len(failed)} organisations failed. First: {failed[0]}", allow_retries=False
        )


@dg.op(description="Drops bodies of webhooks that are no longer held.")
def drop_webhook_bodies(context: dg.OpExecutionContext, daybook: dg.ResourceParam[Daybook]) -> None:
    """Drop what is older than the setting; the events stay for a while, without their bodies."""
    from pipelines.stages.hints import purge_hints

    with interruption_in_words(), daybook.open() as workspace:
        context.log.info("%d bodies dropped", purge_hints(workspace, daybook.clock()))


@dg.op(description="Drops personal data whose date has come, and does what platforms ask for.")
def drop_personal_data(context: dg.OpExecutionContext, daybook: dg.ResourceParam[Daybook]) -> None:
    """Drop what is past its date; erase whom platforms ask to have erased."""
    from pipelines.stages.privacy import answer_requests

    with interruption_in_words(), daybook.open() as workspace:
        expired = workspace.registry.people.expire(daybook.clock())
        answered = answer_requests(workspace)
        context.log.info("%d people expired, %d erased", expired, answered.erased)


@dg.job(description="Keeps idle authorisations alive, and compares mappings with charts.")
def upkeep() -> None:
    """Run four steps, each over all connections."""
    keep_grants_alive()
    check_accounts()
    drop_webhook_bodies()
    drop_personal_data()
