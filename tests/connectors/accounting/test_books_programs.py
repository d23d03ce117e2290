"""The real programs agree: bean-check finds nothing wrong and Fava shows the books."""

import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from connectors.accounting.beancount import Books, fava
from connectors.errors import ConfigError, Transient
from connectors.home.unix_sockets import socket_path
from tests.connectors.accounting.example_entries import (
    activity,
    entry,
    owed,
    payout,
    sale,
    seller_year,
    verdict,
)
from tests.console.test_up import listening


def publish_three_stores(folder: Path) -> Books:
    books = Books(folder)
    books.initialise('The "Seller" \\ Co')
    books.publish("amazon-uk", "Amazon UK", seller_year())
    japan = "Assets:Clearing:Amazon-JP"
    books.publish(
        "amazon-jp",
        "Amazon 日本",
        [
            entry(
                "2026-04-01",
                activity("Income:Sales", "sales.principal", "-1500", 2),
                activity("Assets:Reserve:Amazon-JP", "reserve.held", "400", 1),
                owed("1100", "J1", japan),
                connection="amazon-jp",
                currency="JPY",
            ),
            entry(
                "2026-04-03",
                activity("Assets:Reserve:Amazon-JP", "reserve.released", "-400", 1),
                owed("400", "J2", japan),
                *payout("J1", "1100", clearing=japan),
                connection="amazon-jp",
                currency="JPY",
            ),
        ],
    )
    etsy = "Assets:Clearing:Etsy"
    books.publish(
        "etsy-ca",
        "Etsy\n(Canada)",
        [
            sale(
                "2026-04-01", "0.10", "E 1/ä_b", clearing=etsy, connection="etsy-ca", currency="CAD"
            ),
            entry(
                "2026-04-02",
                *payout("E 1/ä_b", "-7.40", etsy, "Assets:CarriedForward", "carried_forward"),
                connection="etsy-ca",
                currency="CAD",
            ),
        ],
    )
    return books


def test_bean_check_passes_with_several_stores_and_currencies(tmp_path: Path) -> None:
    books = Books(tmp_path)
    books.initialise()
    assert verdict(books).ok
    books = publish_three_stores(tmp_path)
    result = verdict(books)
    assert (result.ok, result.errors) == (True, ())
    assert not list(tmp_path.glob(".*cache"))


def test_a_posting_of_the_user_that_moves_clearing_is_named(tmp_path: Path) -> None:
    books = publish_three_stores(tmp_path)
    with books.main_file.open("a") as file:
        file.write(
            '2026-01-01 * "Mine"\n  Assets:Clearing:Amazon-UK  0.01 GBP\n  Assets:Bank:Current\n'
        )
    result = verdict(books)
    assert not result.ok
    assert "2026.beancount:" in result.errors[0]
    assert "0.01 too much" in result.errors[0]


def test_without_the_programs_the_books_are_still_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    books = publish_three_stores(tmp_path / "books")
    assert books.check() is None
    with pytest.raises(ConfigError, match=r"daybook\[books\]"):
        fava.command(books.main_file, tmp_path / "books")


def test_fava_shows_the_books_read_only_and_on_no_port(tmp_path: Path) -> None:
    books = publish_three_stores(tmp_path)
    path = socket_path(tmp_path / "sockets", "books")
    assert not fava.ready(path)
    log = (tmp_path / "fava.log").open("wb")
    with log, subprocess.Popen(fava.command(books.main_file, path), stdout=log, stderr=log) as run:
        try:
            deadline = time.monotonic() + 60
            while not fava.ready(path) and time.monotonic() < deadline:
                time.sleep(0.2)
            assert fava.ledger_errors(path) == ()
            assert listening({run.pid}) == set()
            through = httpx2.HTTPTransport(uds=str(path))
            with httpx2.Client(transport=through, base_url="http://localhost") as client:
                page = client.get("/", follow_redirects=True, timeout=20)
            assert page.status_code == 200
            assert "Seller" in page.text
        finally:
            # Killed: where whoever runs the tests ignores SIGINT, Fava inherits that it ignores
            # SIGTERM, as Dagster sets the one to the other in this process.
            run.kill()
    with pytest.raises(Transient):
        fava.ledger_errors(path)
