"""Events that the state tells of: each once, however often they are looked for."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from connectors.bank import BankLine
from connectors.database.registry import PlannedEntry
from connectors.triggers.kinds import event_kind
from pipelines.stages.bank import store_lines
from pipelines.stages.chain import compute_days
from pipelines.stages.derived_events import FailedRun, derive_events, record_failed_runs
from tests.channels.house import House
from tests.stages.conftest import FIRST

DAY = date(2026, 3, 2)


def line(number: str, booked_on: date, amount: str) -> BankLine:
    return BankLine(number, booked_on, Decimal(amount), "USD", "a transfer")


def test_what_the_state_tells_is_an_event_once(house: House) -> None:
    registry, workspace, now = house.workspace.registry, house.workspace, datetime.now(UTC)

    def derived() -> Counter[str]:
        """Look for events until nothing is new, and count all there are."""
        derive_events(workspace, now)
        assert derive_events(workspace, now + timedelta(hours=2)) == 0
        return Counter(event.kind for event in registry.events.list())

    for _ in range(2):
        compute_days(house.store, house.window)
    assert derived() == {"settlement_closed": 2, "payout_sent": 2}
    (closed, _) = registry.events.list(kinds=["settlement_closed"])
    assert closed.subject == "20000000001"
    assert closed.fields == {
        **{"settlement_id": "20000000001", "currency": "USD", "marketplace": "Amazon.com"},
        **{"amount": closed.fields["amount"], "deposit_day": "2026-03-18"},
        **{"business_date": "2026-03-18", "period_start": "2026-03-01T12:00:00+00:00"},
        "period_end": "2026-03-15T12:00:00+00:00",
    }
    amount = closed.fields["amount"]
    assert Decimal(amount) > 0

    for reason in ("no rule for Mystery Fee", "no rule for Odd Fee"):
        entry = PlannedEntry("store", DAY, "USD", "je:store:2026-03-02:USD", reason, reason)
        registry.publications.plan("books", [entry])
        assert derived()["entry_held"] == 1
    (held,) = registry.events.list(kinds=["entry_held"])
    assert (held.fields["reason"], held.fields["revision"]) == ("no rule for Mystery Fee", 1)

    for state in ("needs_reauth", "active", "needs_reauth"):
        registry.connections.set_state("store", state, "test", "the platform said no")
        derived()
    reconnections = registry.events.list(kinds=["store_needs_reconnection"])
    assert [event.fields["reason"] for event in reconnections] == ["the platform said no"] * 2

    for run in (None, "run-1", "run-1"):
        number = registry.activities.begin("store", "fetch", 3, run)
        registry.activities.end(number, "failed", "it broke")
    assert derived()["run_failed"] == 2
    # The run of an activity that told why, one that could not, and one of no store.
    runs = [
        FailedRun("run-1", "fetch", "store", now),
        FailedRun("run-2", "data", "store", now),
        FailedRun("run-3", "upkeep", "gone", now),
    ]
    assert [record_failed_runs(workspace, runs) for _ in range(2)] == [2, 0]

    planned = [PlannedEntry("store", date(2026, 3, 4), "USD", "je:extra", "h", None)]
    registry.publications.plan("books", planned)
    entries = registry.publications.list("books", states=["planned"])
    (planned_entry,) = (e for e in entries if e.entry_id == planned[0].entry_id)
    registry.publications.mark_posted("books", [planned_entry])
    for standing in ("edited", "edited", "gone", None):
        registry.drift_checks.record("books", now, {planned_entry.id: standing})
        derived()
    changes = registry.events.list(kinds=["entry_changed_there"])
    assert [event.fields["change"] for event in changes] == ["edited", "gone"]

    # The first is late once statements of a week after its day do not show it.
    for offset, late in ((0, 0), (7, 0), (8, 1)):
        day = date(2026, 3, 18) + timedelta(days=offset)
        store_lines(workspace, [line(f"other {offset}", day, "1.00")], "bank", "test")
        store_lines(workspace, [line("first", date(2026, 3, 1), "1.00")], "bank", "test")
        derive_events(workspace, now + timedelta(hours=3 * (offset + 1)))
        assert len(registry.events.list(kinds=["deposit_late"])) == late
    for event in registry.events.list():
        assert event.fields.keys() == event_kind(event.kind).fields.keys(), event.kind
    (deposit,) = registry.events.list(kinds=["deposit_late"])
    assert (deposit.subject, deposit.fields["amount"]) == ("20000000001", amount)
    assert (
        deposit.fields["days_late"] == ((now + timedelta(hours=27)).date() - date(2026, 3, 18)).days
    )


def test_a_deposit_that_is_in_a_statement_is_not_late(empty: House) -> None:
    """Even where the statement came before anybody knew of the settlement."""
    empty.take(FIRST, "first.txt")
    payout = empty.store.settlements[0].payout
    lines = [
        line("before", date(2026, 3, 1), "1.00"),
        line("deposit", date(2026, 3, 19), f"{payout}"),
        line("after", date(2026, 4, 19), "1.00"),
    ]
    registry = empty.workspace.registry
    registry.bank_lines.add("bank", [vars_of(each) for each in lines], "test")
    compute_days(empty.store, empty.window)
    derive_events(empty.workspace, datetime.now(UTC))
    assert registry.events.list(kinds=["deposit_late"]) == []
    assert registry.bank_lines.arrived("store") == {"20000000001": date(2026, 3, 19)}


def vars_of(each: BankLine) -> dict[str, object]:
    """The columns of a line."""
    names = ("line_id", "booked_on", "amount", "currency", "text")
    return {name: getattr(each, name) for name in names}
