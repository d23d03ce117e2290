"""Entries to an accounting organisation: once each, corrected in place, taken out again."""

import csv
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest

from connectors.accounting.files.target import Files
from connectors.accounts.setup import Setup
from connectors.database.registry import Connection
from connectors.errors import Transient
from connectors.lake.atomic import write_atomically
from mappings.journal.config import MappingConfig
from mappings.journal.schedule import Schedule
from mappings.model import JournalEntry
from mappings.taxonomy import chart
from pipelines.stages.organisations import organisation_of, plan_for_organisation
from pipelines.stages.sender import Sent, due_days, planned_for, send
from sandbox.amazon_files import order, report
from tests.channels.house import House

ORGANISATION = "acme"
SINCE = date(2026, 3, 1)


def settlement(price: str = "20.00") -> str:
    return report(
        [
            *order("111-0000001-0000001", at="2026-03-02 08:00:00 UTC", price=price),
            *order("111-0000002-0000002", at="2026-03-03 08:00:00 UTC"),
        ],
        start="2026-03-01 12:00:00 UTC",
        end="2026-03-15 12:00:00 UTC",
        deposit="2026-03-18 12:00:00 UTC",
    )


def post_to(house: House, form: str, fields: Mapping[str, str] | None = None) -> None:
    """Have the house's entries go to files of an accounting program, from `SINCE` on."""
    registry = house.workspace.registry
    registry.connections.add(
        ORGANISATION, channel="files", name="Acme", timezone="UTC", kind="api", actor="test"
    )
    pinned = {"books": "Acme", "form": form, **(fields or {})}
    registry.connections.pin_account(ORGANISATION, "acme", {"name": "Acme"}, pinned, "UTC", "test")
    registry.connections.set_posting(ORGANISATION, SINCE, "test")
    registry.entry_choices.set_automatic(ORGANISATION, "store", SINCE, "test")
    setup = Setup(target=ORGANISATION).model_dump(mode="json")
    registry.connections.set_setup("store", setup, "test")
    house.connection = registry.connections.get("store")
    # An organisation's own numbers for every account role.
    numbers = {role: str(1000 + n) for n, role in enumerate(chart("books"))}
    config = MappingConfig(chart="organisation", accounts=numbers)
    registry.mappings.save(
        config.model_dump(mode="json"), config.digest, actor="test", target=ORGANISATION
    )


def organisation(house: House) -> Connection:
    target = organisation_of(house.workspace, house.connection)
    assert target is not None
    return target


def publish(house: House) -> Sent:
    house.normalise()
    plan_for_organisation(house.store, house.journal().days.keys())
    return send(house.store, organisation(house), house.window)


def exported(house: House) -> dict[str, bytes]:
    folder = house.settings.exports_folder / ORGANISATION / "store"
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*"))}


def balances(house: House) -> dict[str, Decimal]:
    """What stands on each account when every file was imported."""
    sums: dict[str, Decimal] = {}
    for content in exported(house).values():
        for row in csv.DictReader(StringIO(content.decode())):
            amount = Decimal(row["Debit"] or 0) - Decimal(row["Credit"] or 0)
            sums[row["Account"]] = sums.get(row["Account"], Decimal(0)) + amount
    return {account: amount for account, amount in sums.items() if amount}


@pytest.fixture(params=["generic", "hledger"])
def sending(empty: House, request: pytest.FixtureRequest) -> House:
    post_to(empty, request.param)
    empty.take(settlement())
    return empty


def states(house: House) -> dict[tuple[date, int], str]:
    listed = house.workspace.registry.publications.list(ORGANISATION, all_revisions=True)
    return {(p.business_date, p.revision): p.state for p in listed}


def test_every_entry_is_sent_once(sending: House) -> None:
    first = publish(sending)
    assert (len(first.posted), first.failed, first.removed) == (3, {}, [])
    before = exported(sending)
    assert len(before) == 3
    again = publish(sending)
    assert (again.posted, again.failed) == ([], {})
    assert exported(sending) == before
    assert set(states(sending).values()) == {"posted"}


def test_a_changed_day_is_brought_up_and_a_vanished_one_taken_out(
    empty: House,
) -> None:
    post_to(empty, "generic")
    empty.take(settlement())
    publish(empty)
    sales = str(1000 + list(chart("books")).index("sales"))
    assert balances(empty)[sales] == Decimal("-40.00")
    empty.take(settlement(price="25.00"), "restated.txt")
    changed = publish(empty)
    assert [p.revision for p in changed.posted] == [2, 2]
    assert balances(empty)[sales] == Decimal("-45.00")
    # The first file may have been imported: it stays, and the second one is the difference.
    assert {"2026-03-02-USD-r1.csv", "2026-03-02-USD-r2.csv"} <= set(exported(empty))
    withdrawn = empty.workspace.registry.publications.withdraw(
        ORGANISATION, "store", ["je:store:2026-03-02:USD"]
    )
    assert len(withdrawn) == 1
    removed = send(empty.store, organisation(empty), empty.window)
    assert [p.business_date for p in removed.removed] == [date(2026, 3, 2)]
    assert balances(empty)[sales] == Decimal("-20.00")


def hledger(journal: Path, *words: str) -> str:
    """What hledger, which nobody here wrote, says of a journal."""
    if shutil.which("hledger") is None:
        pytest.skip("needs hledger: apt-get install hledger")
    result = subprocess.run(
        ["hledger", "-f", str(journal), *words], capture_output=True, text=True, check=True
    )
    return result.stdout


def ledger(journal: Path) -> str:
    """What Ledger, which nobody here wrote either, says of a journal's balances."""
    if shutil.which("ledger") is None:
        pytest.skip("needs ledger: apt-get install ledger")
    return subprocess.run(
        ["ledger", "-f", str(journal), "balance"], capture_output=True, text=True, check=True
    ).stdout


def test_a_balance_is_stated_after_a_change_that_was_cut_short(
    empty: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_to(empty, "hledger")
    empty.take(settlement())
    with monkeypatch.context() as patch:

        def cut(path: Path, content: bytes) -> None:
            write_atomically(path, content)
            raise OSError(5, "Input/output error")

        patch.setattr("connectors.accounting.files.target.write_atomically", cut)
        assert publish(empty).failed
    sent = send(empty.store, organisation(empty), empty.window)
    assert sent.failed == {}
    checked = empty.settings.exports_folder / ORGANISATION / "checked.journal"
    assert hledger(checked, "check") == ""
    assert checked.read_text().count(" = ") == len(
        [line for line in hledger(checked, "balance", "-N", "--flat", "-E").splitlines() if line]
    )
    # What is taken out leaves its accounts at nothing.
    days = [day for day, _ in states(empty)]
    empty.workspace.registry.publications.withdraw(
        ORGANISATION, "store", [f"je:store:{day}:USD" for day in days]
    )
    assert send(empty.store, organisation(empty), empty.window).failed == {}
    assert hledger(checked, "check") == ""
    assert {line.split(" = ")[1] for line in checked.read_text().splitlines() if " = " in line} == {
        "0.00 USD"
    }


def test_hledger_reads_what_was_written_and_a_change_in_its_place(empty: House) -> None:
    post_to(empty, "hledger")
    empty.take(settlement())
    publish(empty)
    empty.take(settlement(price="25.00"), "restated.txt")
    publish(empty)
    assert len(exported(empty)) == 3
    main = empty.settings.exports_folder / ORGANISATION / "all.journal"
    assert hledger(main, "check") == ""
    sales = str(1000 + list(chart("books")).index("sales"))
    assert "-45.00 USD" in hledger(main, "balance", sales, "-O", "csv")
    # Every balance is stated, and one that is not so is found by both programs.
    checked = main.with_name("checked.journal")
    assert hledger(checked, "check") == ""
    assert ledger(checked)
    (first, *_) = (main.parent / "store").glob("2026-03-02*")
    content = first.read_bytes()
    first.unlink()
    with pytest.raises(subprocess.CalledProcessError):
        hledger(checked, "check")
    with pytest.raises(subprocess.CalledProcessError):
        ledger(checked)
    first.write_bytes(content)
    assert hledger(main, "check") == ""


def test_an_answer_that_was_lost_is_looked_for_and_nothing_sent_twice(
    sending: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answers_lost(monkeypatch):
        lost = publish(sending)
    assert list(lost.failed) == [date(2026, 3, 2)]
    assert states(sending)[date(2026, 3, 2), 1] == "unknown"
    assert len(exported(sending)) == 1
    healed = send(sending.store, organisation(sending), sending.window)
    assert (len(healed.posted), healed.failed) == (3, {})
    assert set(states(sending).values()) == {"posted"}
    assert len(exported(sending)) == 3


@contextmanager
def answers_lost(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every post arrives, and its answer does not."""
    post = Files.post

    def lose(self: Files, entry: JournalEntry, attempt: int) -> str:
        post(self, entry, attempt)
        raise Transient("the connection broke")

    with monkeypatch.context() as patch:
        patch.setattr(Files, "post", lose)
        yield


def test_a_file_that_somebody_changed_is_corrected_beside_and_never_written_over(
    empty: House,
) -> None:
    post_to(empty, "hledger")
    empty.take(settlement())
    publish(empty)
    (edited,) = (empty.settings.exports_folder / ORGANISATION / "store").glob("2026-03-02*")
    edited.write_bytes(edited.read_bytes() + b"; mine\n")
    content = edited.read_bytes()
    empty.take(settlement(price="25.00"), "restated.txt")
    sent = publish(empty)
    assert (len(sent.posted), sent.failed) == (2, {})
    assert edited.read_bytes() == content
    folder = edited.parent
    (beside,) = folder.glob("*-corrects-*")
    assert beside.name == "2026-03-02-USD-corrects-2026-03-02-2.journal"
    main = empty.settings.exports_folder / ORGANISATION / "all.journal"
    sales = str(1000 + list(chart("books")).index("sales"))
    assert "-45.00 USD" in hledger(main, "balance", sales, "-O", "csv")
    # A deleted one is no edit: a difference to nothing would be wrong.
    edited.unlink()
    empty.take(settlement(price="26.00"), "again.txt")
    assert (len(publish(empty).posted), edited.exists()) == (2, False)
    (second,) = folder.glob("2026-03-03*")
    second.unlink()


def test_nothing_is_sent_of_days_before_posting_was_turned_on(sending: House) -> None:
    sending.workspace.registry.connections.set_posting(ORGANISATION, date(2026, 3, 3), "test")
    publish(sending)
    assert date(2026, 3, 2) not in {day for day, _ in states(sending)}
    sending.workspace.registry.connections.set_posting(ORGANISATION, None, "test")
    off = publish(sending)
    assert (off.posted, off.failed) == ([], {})


def test_an_account_that_is_not_named_holds_the_entry(empty: House) -> None:
    post_to(empty, "generic")
    config = MappingConfig(chart="organisation", accounts={"clearing": "1100"})
    empty.workspace.registry.mappings.save(
        config.model_dump(mode="json"), config.digest, actor="test", target=ORGANISATION
    )
    empty.take(settlement())
    sent = publish(empty)
    assert (sent.posted, sent.failed) == ([], {})
    assert set(states(empty).values()) == {"held"}


@pytest.mark.parametrize("form", ["generic", "sage", "freeagent", "zoho"])
def test_every_file_balances_and_holds_no_formula(empty: House, form: str, tmp_path: Path) -> None:
    post_to(empty, form)
    empty.take(settlement())
    publish(empty)
    for content in exported(empty).values():
        rows = list(csv.DictReader(StringIO(content.decode())))
        assert rows
        assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())
        signed = [
            Decimal(row["Net Amount"]) * (1 if row["Type"] == "JD" else -1)
            if form == "sage"
            else Decimal(row["Debit"] or 0) - Decimal(row["Credit"] or 0)
            for row in rows
        ]
        assert sum(signed) == 0


def test_an_entry_that_settles_is_sent_when_its_time_comes(
    empty: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_to(empty, "generic")
    empty.take(settlement())
    later = datetime.now(UTC) + timedelta(hours=1)
    with monkeypatch.context() as patch:
        patch.setattr(Schedule, "due_at", lambda *_: later)
        assert publish(empty) == Sent()
    assert exported(empty) == {}
    assert due_days(empty.workspace, empty.connection, empty.window) == []
    listed = planned_for(empty.workspace, [empty.connection], organisation(empty), empty.window)
    assert {(p.state, p.due_at is not None) for p in listed} == {("planned", True)}
    # Its days are long over: computed again, they are due.
    assert len(publish(empty).posted) == 3


@pytest.mark.parametrize("form", ["generic", "sage", "freeagent", "zoho", "hledger"])
def test_tax_by_code_is_told_where_the_form_has_a_place_for_it(empty: House, form: str) -> None:
    post_to(empty, form)
    numbers = {role: str(1000 + n) for n, role in enumerate(chart("books"))}
    codes = [{"treatment": "uk.standard", "code": "T1"}, {"treatment": "fees.*", "code": "T0"}]
    config = MappingConfig.model_validate(
        {"chart": "organisation", "accounts": numbers, "tax": "target_codes", "treatments": codes}
    )
    registry = empty.workspace.registry
    registry.mappings.save(
        config.model_dump(mode="json"), config.digest, actor="test", target=ORGANISATION
    )
    profile = {
        **{"country": "GB", "registrations": [{"country": "GB", "scheme": "vat"}]},
        **{"stock": [{"country": "GB"}], "assume_domestic": True, "fees": "none"},
    }
    registry.connections.set_tax("store", profile, "test")
    empty.connection = registry.connections.get("store")
    empty.take(settlement("24.00").replace("Amazon.com", "Amazon.co.uk"))
    sent = publish(empty)
    day = date(2026, 3, 2)
    if form in {"freeagent", "zoho", "hledger"}:
        assert "leaves tax to tax codes, which these files cannot tell" in sent.failed[day]
        return
    assert sent.failed == {}
    empty.take(settlement("30.00").replace("Amazon.com", "Amazon.co.uk"), "restated.txt")
    assert publish(empty).failed == {}
    files = [exported(empty)[f"{day}-USD-r{revision}.csv"].decode() for revision in (1, 2)]
    first, difference = (list(csv.DictReader(StringIO(text))) for text in files)
    column = "Tax code" if form == "generic" else "Tax Code"
    coded = [row for row in (*first, *difference) if row[column] == "T1"]
    if form == "generic":
        assert [(row["Credit"], row["Tax amount"]) for row in coded] == [
            ("24.00", "-4.00"),
            ("6.00", "-1.00"),
        ]
    else:
        assert [(row["Type"], row["Net Amount"], row["Tax Amount"]) for row in coded] == [
            ("JC", "20.00", "4.00"),
            ("JC", "5.00", "1.00"),
        ]
