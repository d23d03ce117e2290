"""Looking daily at what organisations hold of our entries: edited, deleted, matched."""

from collections.abc import Sequence
from typing import Any

import dagster as dg
from pydantic import Field

from connectors.errors import DaybookError
from connectors.home.redaction import clean_errors
from pipelines.interrupts import interruption_in_words
from pipelines.resources import Daybook


class ComparedOrganisations(dg.Config):
    """The organisations to check, by slug; all that are posted to where none is named."""

    targets: list[str] = Field(default_factory=list)


@dg.op(description="Finds posted entries that somebody changed in an accounting organisation.")
def compare_organisations(
    context: dg.OpExecutionContext,
    config: ComparedOrganisations,
    daybook: dg.ResourceParam[Daybook],
) -> None:
    """Check each organisation; one that is away fails alone, and is checked tomorrow."""
    from pipelines.stages.drift import check_organisation, organisations_posted_to

    failed = []
    with interruption_in_words(), daybook.open() as workspace:
        connected = workspace.registry.connections.list()
        named = [each for each in connected if each.slug in config.targets]
        for organisation in named if config.targets else organisations_posted_to(workspace):
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


def drift_config(targets: Sequence[str]) -> dict[str, Any]:
    """Return the config of a run that checks these organisations alone."""
    return {"ops": {compare_organisations.name: {"config": {"targets": list(targets)}}}}
