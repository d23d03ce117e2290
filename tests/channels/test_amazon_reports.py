"""Amazon's settlement reports through its API: fetched once, whoever lists them and how often."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.channels.amazon.api import LIMITS
from connectors.channels.amazon.report_content import charset_of, legible, unpacked
from connectors.documents.encodings import decode
from connectors.errors import Permanent, RateLimited, Transient
from connectors.home.settings import Settings
from connectors.http import Limit
from sandbox.amazon import Amazon
from sandbox.amazon_money import AmazonMoney
from sandbox.limits import CLOCK
from tests.channels.stores import Store, check_tied, connected, store
from tests.connectors.accounts.platforms import desk

LIST, DOCUMENT = "/eu/reports/2021-06-30/reports", "/documents/"


@pytest.fixture(autouse=True)
def _no_time_to_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)


@pytest.fixture
def at(quick_home: Settings, tmp_path: Path) -> Iterator[Store]:
    with store("amazon", quick_home, tmp_path) as opened:
        yield opened


def platform(at: Store) -> Amazon:
    assert isinstance(at.desk.emulator, Amazon)
    return at.desk.emulator


def money(at: Store) -> AmazonMoney:
    assert isinstance(at.money, AmazonMoney)
    return at.money


def fetched(at: Store) -> list[str]:
    """The documents that were fetched from the store, in order."""
    return [e.path for e in at.exchanges if e.path.startswith(DOCUMENT) and e.status == 200]


def test_a_report_is_fetched_once_however_often_it_is_listed(at: Store) -> None:
    at.sync()
    listed = [r.document for r in money(at).listed()]
    settlements = {r.settlement for r in money(at).listed()}
    assert len(settlements) < len(set(listed)) < len(listed)
    assert len(fetched(at)) == len(set(fetched(at))) == len(set(listed))

    held = at.house.workspace.lake.effective_documents(at.house.slug)
    assert {m.statement for m in held} == settlements
    assert sorted(n for m in held for n in (m.tag or "").split()) == sorted(set(listed))
    assert len({m.currency for m in held}) == 2


def test_a_report_made_anew_replaces_the_first_and_neither_is_fetched_again(at: Store) -> None:
    at.sync()
    money(at).restate()
    (manifest,) = at.sync().documents
    assert manifest.revision == 2
    calls = len(fetched(at))
    assert at.sync().documents == []
    assert len(fetched(at)) == calls
    at.books()
    check_tied(at)


def test_a_report_that_was_imported_by_hand_learns_its_number(at: Store) -> None:
    report = money(at).listed()[-1]
    at.house.take(report.content, "downloaded.txt")
    sync_outcome = at.sync()
    assert report.settlement not in {m.statement for m in sync_outcome.documents}
    held = {m.statement: m for m in at.house.workspace.lake.effective_documents(at.house.slug)}
    assert report.document in (held[report.settlement].tag or "")
    calls = len(fetched(at))
    at.sync()
    assert len(fetched(at)) == calls


def test_an_address_that_has_ended_is_asked_for_again(at: Store) -> None:
    platform(at).reports.stale = 2
    at.sync()
    at.books()
    check_tied(at)
    refused = [e for e in at.exchanges if e.path.startswith(DOCUMENT) and e.status == 403]
    assert len(refused) == 2


def test_addresses_that_always_have_ended_are_given_up(at: Store) -> None:
    platform(at).reports.stale = 99
    with pytest.raises(Transient, match="end before it is fetched"):
        at.sync()


def test_a_document_is_asked_for_without_the_account(at: Store) -> None:
    at.sync()
    for exchange in at.exchanges:
        sent = {name.decode().lower() for name, _ in exchange.headers}
        stored = exchange.path.startswith(DOCUMENT)
        assert bool(sent & {"authorization", "x-amz-access-token"}) is not (
            stored or exchange.path.startswith("/auth")
        )


def test_a_refusal_that_says_nothing_is_waited_out(at: Store) -> None:
    faults = at.desk.emulator.application
    faults.only, faults.script = LIST, iter(["429"])
    money(at).largest = 100
    at.sync()
    at.books()
    check_tied(at)


def test_more_reports_than_turns_are_left_for_later(
    at: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIMITS, "getReportDocument", Limit(per_second=0.005, burst=2.0))
    with pytest.raises(RateLimited) as error:
        at.sync()
    assert error.value.retry_after > 60
    assert len(at.house.workspace.lake.effective_documents(at.house.slug)) == len(fetched(at)) == 2


def test_a_regions_marketplaces_and_currencies_come_from_the_files(
    quick_home: Settings, tmp_path: Path
) -> None:
    with desk("amazon", quick_home, tmp_path) as opened:
        emulator = opened.emulator
        assert isinstance(emulator, Amazon)
        at = connected(opened, emulator.overseas)
        at.sync()
        at.books()
        check_tied(at)
        sites = {(row["marketplace"], row["currency"]) for row in at.rows() if row["marketplace"]}
        assert sites == {("Amazon.com", "USD"), ("Amazon.ca", "CAD")}


@pytest.mark.parametrize(
    ("text", "charset", "unchanged"),
    [
        ("sku\tKÄNNCHEN\n", "utf-8", True),
        ("sku\tKÄNNCHEN\n", "iso-8859-1", True),
        ("Amazon.co.jp\tマグカップ\n", "windows-31j", True),
        ("sku\tマグカップ\n", "shift_jis", False),
        ("sku\tKUBEK ŻÓŁTY\n", "cp1250", False),
        ("sku\t杯子\n", "gb18030", False),
    ],
)
def test_what_is_read_is_what_the_charset_says(text: str, charset: str, unchanged: bool) -> None:
    content = text.encode("cp932" if charset == "windows-31j" else charset)
    content_read = legible("report", content, charset_of(f"text/plain; charset={charset.upper()}"))
    assert decode("report", content_read)[0] == text
    assert (content_read == content) is unchanged


def test_a_charset_that_is_missing_or_unknown_leaves_the_bytes() -> None:
    content = "sku\tKÄNNCHEN\n".encode("cp1252")
    for stated in ("text/plain", "text/plain;charset=klingon", "text/plain;charset=utf-8"):
        assert legible("report", content, charset_of(stated)) == content


def test_a_document_comes_out_of_its_compression_or_not_at_all() -> None:
    packed = bytes.fromhex("1f8b0800000000000003") + b"broken"
    assert unpacked(b"plain", None) == unpacked(b"plain", "GZIP") == b"plain"
    with pytest.raises(Transient, match="arrived damaged"):
        unpacked(packed, "GZIP")
    with pytest.raises(Permanent, match="not known"):
        unpacked(packed, "ZSTD")


def test_a_deposit_of_a_day_to_come_is_waited_for(at: Store) -> None:
    def coming() -> set[str]:
        at.sync()
        return {
            statement.settlement_id
            for manifest in at.house.workspace.lake.effective_documents(at.house.slug)
            for statement in manifest.settlements
            if statement.deposit_day is not None and statement.deposit_day >= at.whole.end
        }

    while not (waits := coming()):
        at.money.advance(1)
    at.house.now = at.now
    at.house.run(at.whole)
    proofs = at.proofs()
    assert {proofs[name].state for name in waits} == {"open"}
    assert all((proofs[name].why or "").endswith("is over") for name in waits)
    assert {proof.state for name, proof in proofs.items() if name not in waits} == {"tied"}

    at.money.advance(3)
    at.house.now = at.now
    at.house.run(at.whole)
    assert {at.proofs()[name].state for name in waits} == {"tied"}
