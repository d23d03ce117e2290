"""Streams of a channel: orders, payments, products and contacts, read apart from settlements.

A record is the platform's own JSON object. What is stored of one are the fields that its stream
names, and no others: personal data that nobody asked for never reaches the disk.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias, get_args

from connectors.channels.sync_context import SyncContext

Record: TypeAlias = Mapping[str, Any]
# Pages of records that were made or changed since an instant (UTC), in any order. It raises the
# errors of `Remote`, and ends only after the last page: what it yielded is all there is.
ReadRecords: TypeAlias = Callable[[SyncContext, datetime], Iterator[Sequence[Record]]]

StreamName = Literal["orders", "payments", "products", "contacts"]
STREAMS: Final[tuple[StreamName, ...]] = get_args(StreamName)
