"""Tracking categories of a Xero organisation, and the tracking of its journals' lines.

Fields and statuses: Xero's OpenAPI document (accounting, 16.1.0). UNCONFIRMED: the words of a
refusal, and that an unknown name is refused and not dropped.
"""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

MOST_CATEGORIES, LONGEST_OPTION = 2, 100
# A small seller's: where goods go, and which store sold them.
CATEGORIES = {"Region": ("North", "South"), "Store": ()}
Categories = dict[str, dict[str, Any]]


def categories() -> Categories:
    """Return the categories of a new organisation, by name."""
    return {
        name: {
            "TrackingCategoryID": str(uuid.uuid4()),
            "Name": name,
            "Status": "ACTIVE",
            "Options": [_option(each) for each in options],
        }
        for name, options in CATEGORIES.items()
    }


def shown(held: Categories, *, include_archived: bool) -> list[dict[str, Any]]:
    """Return the categories as `/TrackingCategories` lists them."""
    return [
        {**each, "Options": [o for o in each["Options"] if include_archived or _is_active(o)]}
        for each in held.values()
        if include_archived or _is_active(each)
    ]


def add_option(held: Categories, number: str, document: Mapping[str, Any]) -> dict[str, Any] | str:
    """Make an option of a category; return it, or why it is refused."""
    category = next((c for c in held.values() if c["TrackingCategoryID"] == number), None)
    name = str(document.get("Name", ""))
    if category is None:
        return "The tracking category with the supplied id was not found."
    if not name or len(name) > LONGEST_OPTION:
        return "The option name must be between 1 and 100 characters."
    if any(option["Name"].casefold() == name.casefold() for option in category["Options"]):
        return "Please enter a unique option name."
    option = _option(name)
    category["Options"].append(option)
    return option


def tracking_errors(document: Mapping[str, Any], held: Categories) -> Iterator[str]:
    """Yield what Xero refuses of the tracking of a journal's lines."""
    for line in document.get("JournalLines", ()):
        tracking = line.get("Tracking", ())
        if len(tracking) > MOST_CATEGORIES:
            yield "A line has two tracking categories at most."
        for each in tracking:
            if _match(held, each) is None:
                yield (
                    f"The tracking option '{each.get('Option')}' of '{each.get('Name')}' does not "
                    "exist or has been archived."
                )


def identify(document: Mapping[str, Any], held: Categories) -> None:
    """Put the ids and the own spelling of categories and options on a journal's lines."""
    for line in document.get("JournalLines", ()):
        for each in line.get("Tracking", ()):
            if (matched := _match(held, each)) is not None:
                category, option = matched
                each |= {
                    "Name": category["Name"],
                    "Option": option["Name"],
                    "TrackingCategoryID": category["TrackingCategoryID"],
                    "TrackingOptionID": option["TrackingOptionID"],
                }


def _match(
    held: Categories, each: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    for category in filter(_is_active, held.values()):
        for option in filter(_is_active, category["Options"]):
            names = category["Name"].casefold(), option["Name"].casefold()
            if names == (each.get("Name", "").casefold(), each.get("Option", "").casefold()):
                return category, option
    return None


def _option(name: str) -> dict[str, Any]:
    return {"TrackingOptionID": str(uuid.uuid4()), "Name": name, "Status": "ACTIVE"}


def _is_active(record: Mapping[str, Any]) -> bool:
    return bool(record["Status"] == "ACTIVE")
