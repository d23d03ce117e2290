"""Whether a file is what its channel hands out, and if it is not, what it is instead."""

import csv
from collections.abc import Iterator

from connectors.channels import CHANNELS
from connectors.channels.base import Channel
from connectors.errors import BadInput

_DELIMITERS = (",", ";", "\t")


def is_of(channel: Channel, first_lines: str) -> bool:
    """Return whether a file with these first lines is the channel's."""
    try:
        return channel.recognises(first_lines)
    # Lines that no header could have: a cell without end, a character that no text has.
    except (csv.Error, ValueError):
        return False


def check(channel: Channel, name: str, first_lines: str) -> None:
    """`BadInput` for a file that is not the channel's: what it is, and which file to import."""
    if is_of(channel, first_lines):
        return
    other = next((c for c in CHANNELS.values() if is_of(c, first_lines)), None)
    if other is not None:
        raise BadInput(
            f"{name}: is a file of {other.title}, not of {channel.title}; "
            f"use `daybook import {other.name}`"
        )
    if any(is_of(channel, lines) for lines in _resaved(first_lines)):
        raise BadInput(
            f"{name}: is a file of {channel.title} that a spreadsheet program has saved again with "
            "other separators; import the file as it was downloaded, unopened"
        )
    language = channel.language(first_lines) if channel.language is not None else None
    if language is not None:
        raise BadInput(
            f"{name}: is a file of {channel.title} in {language}; set {channel.title} to English, "
            f"download the {channel.file} again and import that"
        )
    raise BadInput(
        f"{name}: is not a file of {channel.title}; download the {channel.file} and import that"
    )


def _resaved(first_lines: str) -> Iterator[str]:
    """The same lines with the separators of other files, as spreadsheet programs exchange them."""
    for delimiter in _DELIMITERS:
        try:
            rows = list(csv.reader(first_lines.split("\n"), delimiter=delimiter))
        except csv.Error:
            continue
        if max(map(len, rows), default=0) < 5:
            continue
        yield "\n".join("\t".join(row) for row in rows)
        yield "\n".join(",".join(_quoted(cell) for cell in row) for row in rows)


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'
