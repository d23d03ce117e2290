"""Entities of QuickBooks' JSON as XML under Intuit's schema: a program of its own, for lxml.

Takes the folder of the schema; entities come on standard input as JSON, a line each with its type.
What is wrong with each is printed, an empty line where nothing is. JSON's members have no order and
XML's do, so they are put into the schema's.
"""

import json
import sys
from pathlib import Path
from typing import Any

from lxml import etree

XS = "{http://www.w3.org/2001/XMLSchema}"
NAMESPACE = "http://schema.intuit.com/finance/v3"
# The one of the files that declares entities as roots; Finance.xsd alone has types only.
ROOTS = "IntuitRestServiceDef.xsd"


class Schema:
    """The types of the schema, and what validates against it."""

    def __init__(self, folder: Path) -> None:
        self._validator = etree.XMLSchema(etree.parse(str(folder / ROOTS)))
        self._types = {
            kind.get("name"): kind
            for path in sorted(folder.glob("*.xsd"))
            for kind in etree.parse(str(path)).getroot().iter(f"{XS}complexType")
        }

    def fault(self, kind: str, entity: dict[str, Any]) -> str:
        """What is wrong with an entity; nothing where it is valid."""
        try:
            root = self._element(kind, kind, entity)
        except KeyError as error:
            return f"{kind} has no member {error}"
        if self._validator.validate(root):
            return ""
        return str(self._validator.error_log.last_error)

    def _members(self, kind: str) -> dict[str, tuple[str, bool]]:
        """The members of a type in the schema's order, its base's first: type, and attribute."""
        declared = self._types[kind]
        members = {}
        for extension in declared.iter(f"{XS}extension"):
            base = extension.get("base", "").rpartition(":")[2]
            members |= self._members(base) if base in self._types else {}
        for each in declared.iter(f"{XS}element", f"{XS}attribute"):
            name = (each.get("name") or each.get("ref", "")).rpartition(":")[2]
            of_type = each.get("type", "").rpartition(":")[2] or name
            members[name] = (of_type, each.tag == f"{XS}attribute")
        return members

    def _element(self, name: str, kind: str, value: Any) -> Any:
        element = etree.Element(f"{{{NAMESPACE}}}{name}")
        if not isinstance(value, dict):
            element.text = str(value).lower() if isinstance(value, bool) else str(value)
            return element
        members = self._members(kind)
        # The text of a reference is a member in JSON.
        if "value" in value:
            element.text = str(value["value"])
        for unknown in set(value) - set(members) - {"value"}:
            raise KeyError(unknown)
        for member, (of_type, is_attribute) in members.items():
            if member not in value:
                continue
            if is_attribute:
                stated = value[member]
                element.set(
                    member, str(stated).lower() if isinstance(stated, bool) else str(stated)
                )
                continue
            listed = value[member] if isinstance(value[member], list) else [value[member]]
            element.extend(self._element(member, of_type, each) for each in listed)
        return element


def main() -> None:
    """Say what is wrong with each entity."""
    schema = Schema(Path(sys.argv[1]))
    for line in sys.stdin:
        kind, entity = json.loads(line, parse_float=str)
        print(schema.fault(kind, entity).replace("\n", " "))


if __name__ == "__main__":
    main()
