"""What the program bean-check says of the books as a whole."""

import dagster as dg

from pipelines.checks import PUBLISHED
from pipelines.resources import Daybook


@dg.asset_check(
    asset=PUBLISHED,
    name="bean_check_passes",
    description="Beancount's own checker accepts the books.",
)
def bean_check_passes(daybook: dg.ResourceParam[Daybook]) -> dg.AssetCheckResult:
    """Run `bean-check` over the books; a warning where the program is not installed."""
    from connectors.accounting.beancount.books import Books

    with daybook.open() as workspace:
        books = Books(workspace.settings.books_folder)
        books.initialise()
        result = books.check()
    if result is None:
        return dg.AssetCheckResult(
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            description="bean-check is not installed: `pip install daybook[books]`",
        )
    return dg.AssetCheckResult(
        passed=result.ok, description=result.errors[0] if result.errors else None
    )
