"""The checks as Dagster knows them."""

import warnings
from collections.abc import Iterable

import dagster as dg

from pipelines.checks import Check


def check_specs(
    checks: Iterable[Check], partitions: dg.PartitionsDefinition
) -> list[dg.AssetCheckSpec]:
    """Return one partitioned spec a check."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        warnings.simplefilter("ignore", dg.BetaWarning)
        return [
            dg.AssetCheckSpec(
                check.name,
                asset=check.asset,
                blocking=check.blocking,
                description=check.description,
                partitions_def=partitions,
            )
            for check in checks
        ]
