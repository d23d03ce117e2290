"""Movements of stock that no sale tells: units that came back, were lost, disposed of or found.

The report of Amazon's FBA customer returns is read as it is: its columns are documented under
`GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA` in the Selling Partner API's report types. A unit that
came back in another state than sellable is no stock to sell, and stays an expense.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, get_args

from connectors.costs.table_file import Row, read_rows
from connectors.errors import BadInput

MovementKind = Literal["returned", "lost", "disposed", "found"]
_NEEDED: Final = ("date", "sku", "quantity", "kind", "reference")
_FBA: Final = ("return-date", "sku", "quantity", "detailed-disposition", "license-plate-number")
# Amazon's own warehouses, as its settlements call them.
_AMAZON: Final = "AFN"


@dataclass(frozen=True, slots=True)
class Movement:
    """Units of a SKU that moved; `reference` is what tells the movement from every other one."""

    reference: str
    day: date
    sku: str
    location: str
    units: int
    kind: MovementKind


def read_movements(name: str, content: bytes) -> list[Movement]:
    """Read a CSV file with `date`, `sku`, `quantity`, `kind`, `reference`, perhaps `location`.

    Or Amazon's report of FBA customer returns. `BadInput` names the row and the cure.
    """
    head = content[:2000].lower()
    is_fba = b"detailed-disposition" in head
    rows = read_rows(name, content, _FBA if is_fba else _NEEDED)
    movements: dict[str, Movement] = {}
    is_empty = True
    for row in rows:
        is_empty = False
        movement = _returned(row) if is_fba else _movement(row)
        if movement is None:
            continue
        before = movements.setdefault(movement.reference, movement)
        if before != movement:
            raise row.problem(f"the reference {movement.reference} stands for another movement")
    if is_empty:
        raise BadInput(f"{name}: has no rows")
    return list(movements.values())


def _movement(row: Row) -> Movement:
    kind = row.required("kind").lower()
    if kind not in get_args(MovementKind):
        raise row.problem(f"{kind!r} is no kind: write {', '.join(get_args(MovementKind))}")
    return Movement(
        row.required("reference"),
        row.day("date"),
        row.required("sku"),
        row.text("location"),
        row.units("quantity"),
        kind,  # type: ignore[arg-type]
    )


def _returned(row: Row) -> Movement | None:
    if row.required("detailed-disposition").upper() != "SELLABLE":
        return None
    return Movement(
        f"{row.required('license-plate-number')} {row.text('order-id')}".strip(),
        row.day("return-date"),
        row.required("sku"),
        _AMAZON,
        row.units("quantity"),
        "returned",
    )
