"""Homes as their users find them: an empty one, and one with three stores brought up to date."""

import shutil
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import make_url

from connectors.home.settings import Settings
from sandbox.amazon_files import V2, line, order, report
from tests.channels import etsy_files
from tests.conftest import Server
from tests.console.user import User

WORD = "Order / ItemFees / Moon Landing Fee"
HELD = (
    f"no rule for {WORD}: name its category under source_types in a mapping file, "
    "then `daybook mappings set`"
)


def settlement(number: int = 1, *, month: int = 3, price: str = "1234.50", **further: str) -> str:
    """Two days of one order each, in the first days of a month of 2026; 2,463.00 by default."""
    lines = [
        row
        for day in (3, 4)
        for row in order(
            f"111-{number:07d}-{day:07d}",
            price=price,
            at=f"2026-{month:02d}-{day:02d} 12:00:00 UTC",
        )
    ]
    return report(lines, **settlement_dates(number, month), **further)


def settlement_dates(number: int, month: int) -> dict[str, str]:
    """The period and the deposit of a settlement of the first days of a month."""
    return {
        "settlement": str(20_000_000_000 + number),
        "start": f"2026-{month:02d}-02 00:00:00 UTC",
        "end": f"2026-{month:02d}-06 00:00:00 UTC",
        "deposit": f"2026-{month:02d}-08 00:00:00 UTC",
    }


def with_a_new_word(number: int = 1) -> str:
    """Two days, the first with a fee that no rule names; an extra column says why."""
    at = "2026-03-03 12:00:00 UTC"
    fee = line("Order", "ItemFees", "Moon Landing Fee", "-1.25", at=at, order_id="111-7-7")
    lines = [
        *order("111-0000007-0000007", at=at),
        {**fee, "buyer-remark": "to the moon"},
        *order("111-0000008-0000008", at="2026-03-04 12:00:00 UTC"),
    ]
    return report(lines, columns=(*V2, "buyer-remark"), **settlement_dates(number, 3))


def crafts() -> str:
    """An Etsy statement with a deposit of 18.50 and a sale that is not paid out yet."""
    return etsy_files.statement(
        [
            etsy_files.sale(date(2026, 3, 3), "3000000001", "20.00"),
            etsy_files.charge(
                date(2026, 3, 3), "Fee", "Transaction fee: Mug", "Order #3000000001", "-1.50"
            ),
            etsy_files.deposit(date(2026, 3, 5), Decimal("18.50")),
            etsy_files.sale(date(2026, 3, 9), "3000000002", "10.00"),
        ]
    )


@pytest.fixture
def user(home: Settings) -> User:
    """The user of a fresh home."""
    assert home.database_url is not None
    home_user = User(home.home, home.database_url.get_secret_value())
    assert home_user("init").code == 0
    return home_user


@pytest.fixture(scope="session")
def prepared(embedded_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """A home with three stores, brought up to date: look at it, do not change it.

    `mugs` ties, `attic` has an entry that is held, `crafts` has a settlement that is open.
    """
    folder = tmp_path_factory.mktemp("prepared")
    with embedded_server.database() as url:
        user = User(folder / "home", url.get_secret_value())
        assert user("init").code == 0
        take_in(user, folder, "mugs", settlement(1), settlement(2, month=4))
        take_in(user, folder, "attic", with_a_new_word(7))
        take_in(user, folder, "crafts", crafts(), channel="etsy")
        result = user("sync")
        assert result.code == 0, result
        yield user
    shutil.rmtree(folder)


@pytest.fixture
def synced(prepared: User, embedded_server: Server, tmp_path: Path) -> Iterator[User]:
    """A copy of the prepared home, to change: copying takes less time than doing it again."""
    assert prepared.database is not None
    url = make_url(prepared.database)
    name = embedded_server.copy(url.database)
    shutil.copytree(prepared.home, tmp_path / "home")
    database = url.set(database=name).render_as_string(hide_password=False)
    yield User(tmp_path / "home", database)
    embedded_server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def take_in(user: User, folder: Path, slug: str, *texts: str, channel: str = "amazon") -> None:
    """Import files that nobody looks at."""
    for number, text in enumerate(texts):
        path = folder / f"{slug}-{number}.{'csv' if channel == 'etsy' else 'txt'}"
        path.write_text(text)
        result = user("import", channel, path, "--connection", slug)
        assert result.code == 0, result
