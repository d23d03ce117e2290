"""Looking daily at what organisations hold of our entries: edited, deleted, matched."""

import dagster as dg

from connectors.errors import DaybookError
from connectors.home.redaction import clean_errors
from pipelines.interrupts import interruption_in_words
from pipelines.resources import Daybook


@dg.op(description="Finds posted entries that somebody changed in an accounting organisation.")
def compare_organisations(
    context: dg.OpExecutionContext, daybook: dg.ResourceParam[Daybook]
) -> None:
    """Check each organisation; one that is away fails alone, and is checked tomorrow."""
    from pipelines.stages.drift import check_organisation, organisations_posted_to

    failed = []
    with interruption_in_words(), daybook.open() as workspace:
        for organisation in organisations_posted_to(workspace):
            try:
                with clean_errors():
                    drifts = check_organisation(workspace, organisation)
            except DaybookError as error:
                failed.append(f"{organisation.slug}: {error}")
                context.log.warning(failed[-1])
                continue
            for drift in drifts:
                context.log.info(str(drift))
    if failed:
        raise dg.Failure(f"{len(failed)} accounts failed. First: {failed[0]}", allow_retries=False)


@dg.job(description="Finds posted entries that somebody changed in an accounting organisation.")
def drift_check() -> None:
    """Run one step over all organisations."""
    compare_organisations()
