"""The days that documents cover: how far they are complete, and that none is covered twice."""

from collections.abc import Sequence
from datetime import date

from connectors.documents.control_totals import business_day
from connectors.documents.manifest import Coverage, Manifest
from connectors.errors import BadInput
from connectors.lake.windows import ONE_DAY, Window

# Files of a date range, whichever settlements their lines are in.
STRETCHES = {Coverage.DATE_RANGE, Coverage.PAYOUT_SUMMARY}


def complete_window(documents: Sequence[Manifest]) -> Window | None:
    """Return the days that documents are complete for; None if none claims to be."""
    # An interrupted sync leaves documents of different ends: only days that all cover are complete.
    still_open = [m for m in documents if m.coverage is Coverage.OPEN]
    if still_open:
        return Window(
            max(m.first_day for m in still_open), min(m.last_day for m in still_open) + ONE_DAY
        )
    ledgers = [m for m in documents if m.coverage is Coverage.LEDGER]
    if ledgers:
        return Window(min(m.first_day for m in ledgers), max(m.last_day for m in ledgers) + ONE_DAY)
    return None


def check_covered_once(manifest: Manifest, others: Sequence[Manifest], time_zone: str) -> None:
    """Raise `BadInput` for a date-range file that overlaps another document."""
    if manifest.coverage not in STRETCHES:
        return
    for other in others:
        match other.coverage:
            case manifest.coverage:
                _check_days(manifest, other)
            case Coverage.DATE_RANGE | Coverage.PAYOUT_SUMMARY:
                _check_payouts(manifest, other, time_zone)
            case _:
                _check_settlements(manifest, other)


def check_before_sync(manifest: Manifest, since: date) -> None:
    """Raise `BadInput` for a file with money that syncs fetch, or pay out, from `since` on."""
    if manifest.coverage not in STRETCHES:
        return
    late = [s for s in manifest.settlements if s.deposit_day is None or s.deposit_day >= since]
    if late or max(_days_with_lines(manifest), default=date.min) >= since:
        raise BadInput(
            f"{manifest.name}: has money that was not paid out before {since}, from which day on "
            f"{manifest.connection} is synced automatically: export what was paid out before"
        )


def _days_with_lines(manifest: Manifest) -> set[date]:
    return {day for day, totals in manifest.days.items() if totals.lines}


def _check_days(manifest: Manifest, other: Manifest) -> None:
    sites = [(m.marketplace, m.currency) for m in (manifest, other)]
    twice = sorted(_days_with_lines(manifest) & _days_with_lines(other))
    # The same statement is a restatement, and other sites' files have the same days legitimately.
    if twice and sites[0] == sites[1] and manifest.statement != other.statement:
        raise BadInput(
            f"{manifest.name}: covers {twice[0]} to {twice[-1]}, as {other.name} does: "
            "export the other days alone, or the same days as before to replace it"
        )


def _check_settlements(manifest: Manifest, other: Manifest) -> None:
    # The API's document of a settlement is complete: a file's part would be counted twice.
    paid = {s.settlement_id for s in manifest.settlements if s.payout is not None}
    shared = sorted(paid & {s.settlement_id for s in other.settlements})
    if shared:
        raise BadInput(
            f"{manifest.name}: holds settlement {shared[0]}, which {other.name} covers: "
            "export the other days alone"
        )


def _check_payouts(manifest: Manifest, other: Manifest, time_zone: str) -> None:
    """Raise `BadInput` where a payout's sum and its transactions would both be counted."""
    if manifest.currency != other.currency:
        return
    is_summary = manifest.coverage is Coverage.PAYOUT_SUMMARY
    summary, listing = (manifest, other) if is_summary else (other, manifest)
    # Transactions that are not paid out yet may be in any later payout.
    unpaid = [s for s in listing.settlements if s.payout is None]
    open_since = min((business_day(s.period_start, time_zone) for s in unpaid), default=date.max)
    paid = {s.deposit_day for s in listing.settlements if s.payout is not None}
    twice = sorted(day for day in _days_with_lines(summary) if day in paid or day >= open_since)
    if not twice:
        return
    payouts = f"payouts of {twice[0]} to {twice[-1]}"
    if is_summary:
        raise BadInput(
            f"{manifest.name}: holds the {payouts}, whose transactions {other.name} has or waits "
            "for: keep that file, which says more, and export the payouts of other days alone"
        )
    raise BadInput(
        f"{manifest.name}: has or waits for transactions of the {payouts}, which {other.name} "
        "holds as sums: transactions say more, so import them into a new connection in place of "
        f"{manifest.connection}, or export those of other payouts alone"
    )
