"""Classes and locations of a QuickBooks company, and those of a journal entry's lines.

Elements: the XSD of minor version 75; a location is a Department. UNCONFIRMED: that a reference is
refused while the company does not track by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LONGEST_NAME = 100
KINDS = {"Class": "ClassRef", "Department": "DepartmentRef"}
# Id, name, whether it is in use.
CLASSES = (("7", "Online", True), ("8", "Wholesale", False))
DEPARTMENTS = (("3", "Harbour", True),)
Refusal = tuple[str, str]
Record = dict[str, Any]


def _records(rows: tuple[tuple[str, str, bool], ...]) -> dict[str, Record]:
    return {number: _record(number, name, is_active) for number, name, is_active in rows}


def _record(number: str, name: str, is_active: bool) -> Record:
    return {
        "Id": number,
        "Name": name,
        "FullyQualifiedName": name,
        "Active": is_active,
        "SyncToken": "0",
        "domain": "QBO",
        "sparse": False,
    }


@dataclass
class CompanyTracking:
    """A company's classes and departments by id, and whether it tracks by them."""

    records: dict[str, dict[str, Record]] = field(
        default_factory=lambda: {"Class": _records(CLASSES), "Department": _records(DEPARTMENTS)}
    )
    is_on: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(KINDS, True))

    def preferences(self) -> dict[str, bool]:
        """Return what the company's preferences say of it."""
        return {
            "TrackDepartments": self.is_on["Department"],
            "ClassTrackingPerTxn": False,
            "ClassTrackingPerTxnLine": self.is_on["Class"],
        }

    def listed(self, kind: str, *, with_inactive: bool) -> list[Record]:
        """Return the records of a kind; those in use alone unless a query asks for all."""
        records = self.records[kind].values()
        return [record for record in records if record["Active"] or with_inactive]

    def add(self, kind: str, document: Mapping[str, Any]) -> Record | Refusal:
        """Make a class or department; return it, or the code and message of a refusal."""
        name, records = str(document.get("Name", "")), self.records[kind]
        if not name or len(name) > LONGEST_NAME or ":" in name:
            return "2050", "String length is either shorter or longer than supported by spec"
        if any(record["Name"].casefold() == name.casefold() for record in records.values()):
            return "6240", "Duplicate Name Exists Error"
        number = str(max(map(int, records), default=0) + 1)
        records[number] = _record(number, name, is_active=True)
        return records[number]

    def refused(self, detail: Mapping[str, Any]) -> Refusal | None:
        """Return what is wrong with the references of a line; None where nothing is."""
        for kind, member in KINDS.items():
            if member in detail and not self._is_usable(kind, detail[member].get("value")):
                return "2500", f"Invalid Reference Id : {member}"
        return None

    def identify(self, detail: Record) -> None:
        """Put the names beside the ids of a line's references."""
        for kind, member in KINDS.items():
            if member in detail:
                number = detail[member]["value"]
                name = self.records[kind][number]["FullyQualifiedName"]
                detail[member] = {"value": number, "name": name}

    def _is_usable(self, kind: str, number: str | None) -> bool:
        record = self.records[kind].get(number or "")
        return self.is_on[kind] and record is not None and bool(record["Active"])
