"""The verdict of the program bean-check on the books as a whole."""

import dagster as dg

from pipelines.checks import PUBLISHED
from pipelines.stages.workspace import Workspace

BEAN_CHECK = dg.AssetCheckKey(dg.AssetKey(PUBLISHED), "bean_check_passes")


def bean_check(workspace: Workspace) -> dg.AssetCheckResult:
    """Run `bean-check` over the books; a warning where the program is not installed."""
    from connectors.accounting.beancount.books import Books

    settings = workspace.settings
    result = Books(settings.books_folder).verdict(settings.books_verdict_file)
    if result is None:
        return _verdict(False, "bean-check is not installed: `pip install daybook[books]`")
    if not result.ok:
        return _verdict(False, result.errors[0], dg.AssetCheckSeverity.ERROR)
    return _verdict(True, None)


def _verdict(
    passed: bool,
    description: str | None,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.WARN,
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=BEAN_CHECK.asset_key,
        check_name=BEAN_CHECK.name,
        passed=passed,
        severity=severity,
        description=description,
    )
