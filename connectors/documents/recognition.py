"""Recognition of a file: its format, or what it is instead."""

import csv
from collections.abc import Iterator

from connectors.channels import CHANNELS
from connectors.channels.base import Channel, Format
from connectors.channels.order_files import OrderFile
from connectors.errors import BadInput

_DELIMITERS = (",", ";", "\t")


def identify(channel: Channel, name: str, head: str) -> Format | OrderFile:
    """Return the format of a file with these first lines.

    Raises `BadInput` for a file that is not the channel's: what it is, and which file to import.
    """
    identified = channel.identify(head)
    if identified is not None:
        return identified
    # The commonest mistake: the right file under the wrong channel.
    other = next((c for c in CHANNELS.values() if c.identify(head) is not None), None)
    if other is not None:
        raise BadInput(
            f"{name}: is a file of {other.title}, not of {channel.title}; "
            f"use `daybook import {other.name}`"
        )
    if any(channel.identify(lines) is not None for lines in _resaved(head)):
        raise BadInput(
            f"{name}: is a file of {channel.title} that a spreadsheet program has saved again with "
            "other separators; import the file as it was downloaded, unopened"
        )
    language = channel.language(head) if channel.language is not None else None
    if language is not None:
        raise BadInput(
            f"{name}: is a file of {channel.title} in {language}; set {channel.title} to English, "
            f"download the {channel.file} again and import that"
        )
    raise BadInput(
        f"{name}: is not a file of {channel.title}; download the {channel.file} and import that"
    )


def _resaved(head: str) -> Iterator[str]:
    """Yield the same lines with the separators that spreadsheet programs may have replaced."""
    for delimiter in _DELIMITERS:
        try:
            rows = list(csv.reader(head.split("\n"), delimiter=delimiter))
        except csv.Error:
            continue
        # Fewer columns than any report has: the delimiter is not this file's.
        if max(map(len, rows), default=0) < 5:
            continue
        yield "\n".join("\t".join(row) for row in rows)
        yield "\n".join(",".join(_quoted(cell) for cell in row) for row in rows)


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'
