"""Results of a stage by day: a partition written or not, and the checks on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pipelines.checks import Check


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One evaluation of a check on one day; `problem` is None where it passed, else one line."""

    check: Check
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class DayResult:
    """One day at one asset: what was written, its checks, and the `failure` that stops it there.

    `metadata` is None where nothing was written: the day keeps the partition it had.
    """

    asset: str
    day: date
    metadata: Mapping[str, object] | None = None
    checks: tuple[CheckResult, ...] = ()
    failure: str | None = None


def first_failure(checks: tuple[CheckResult, ...]) -> str | None:
    """Return the problem of the first blocking check that failed, None where none did."""
    return next((c.problem for c in checks if c.problem and c.check.blocking), None)
