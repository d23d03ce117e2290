"""What one settlement holds back the next one releases; where it does not, the day says so."""

from datetime import date

import pytest

from pipelines.stages.settlements import unsteady_reserves
from sandbox.amazon_files import Line, line, order, report
from tests.channels.house import House

CLOSING = date(2026, 3, 31)


def _held(amount: str) -> list[Line]:
    return [line("other-transaction", "other-transaction", "Current Reserve Amount", amount)]


def _released(amount: str) -> list[Line]:
    word = "Previous Reserve Amount Balance"
    return [line("other-transaction", "other-transaction", word, amount)]


def _reports(house: House, first: list[Line], second: list[Line]) -> None:
    house.take(report([*order(), *first], settlement="1"))
    house.take(
        report(
            [*order(), *second],
            settlement="2",
            start="2026-03-15 00:00:00 UTC",
            end="2026-03-29 00:00:00 UTC",
            deposit="2026-03-31 00:00:00 UTC",
        )
    )


@pytest.mark.parametrize(
    ("held", "released", "problem"),
    [
        ("-12.50", "12.50", None),
        (
            "-12.50",
            "10.00",
            "settlement 1 held 12.5000 USD back, 2 releases 10.0000",
        ),
    ],
)
def test_a_reserve_is_released_in_full(
    empty: House, held: str, released: str, problem: str | None
) -> None:
    _reports(empty, _held(held), _released(released))

    reasons = unsteady_reserves(empty.store, [CLOSING])

    assert reasons == {CLOSING: problem}


def test_settlements_without_a_reserve_are_not_judged(empty: House) -> None:
    _reports(empty, [], [])

    assert unsteady_reserves(empty.store, [CLOSING]) == {}
