"""Taking back what the log says of partitions: plans that nothing came of, what is no longer so.

Dagster counts a planned partition of a failed run as failed, and one that was ever materialised
as materialised for good. Neither is true of a day that no settlement covers.
"""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as db
from sqlalchemy.engine import Connection

Partition = tuple[str, str]
"""An asset key as Dagster stores it, and a partition of it."""


@dataclass(frozen=True, slots=True)
class Retraction:
    """What a run takes back, by asset and partition.

    `absent` partitions have no state: no run's plan, materialisation or check of them counts any
    more. Of `untouched` ones only this run's plans go. `unjudged` lose one check's row, named as
    (asset, check, partition).
    """

    absent: Collection[Partition]
    untouched: Collection[Partition]
    unjudged: Collection[tuple[str, str, str]]

    def __bool__(self) -> bool:
        return bool(self.absent or self.untouched or self.unjudged)


_ABSENT_EVENTS = db.text("""
DELETE FROM event_logs AS log
USING unnest(CAST(:assets AS text[]), CAST(:partitions AS text[])) AS gone (asset_key, partition)
WHERE log.asset_key = gone.asset_key AND log.partition = gone.partition
  AND log.dagster_event_type IN ('ASSET_MATERIALIZATION_PLANNED', 'ASSET_MATERIALIZATION')
RETURNING log.asset_key, log.partition, log.dagster_event_type, log.run_id
""")
_ABSENT_CHECKS = db.text("""
DELETE FROM asset_check_executions AS checked
USING unnest(CAST(:assets AS text[]), CAST(:partitions AS text[])) AS gone (asset_key, partition)
WHERE checked.asset_key = gone.asset_key AND checked.partition = gone.partition
""")
_UNTOUCHED_EVENTS = db.text("""
DELETE FROM event_logs AS log
USING unnest(CAST(:assets AS text[]), CAST(:partitions AS text[])) AS gone (asset_key, partition)
WHERE log.asset_key = gone.asset_key AND log.partition = gone.partition AND log.run_id = :run_id
  AND log.dagster_event_type = 'ASSET_MATERIALIZATION_PLANNED'
""")
_UNTOUCHED_CHECKS = db.text("""
DELETE FROM asset_check_executions AS checked
USING unnest(CAST(:assets AS text[]), CAST(:partitions AS text[])) AS gone (asset_key, partition)
WHERE checked.asset_key = gone.asset_key AND checked.partition = gone.partition
  AND checked.run_id = :run_id AND checked.execution_status = 'PLANNED'
""")
_UNJUDGED = db.text("""
DELETE FROM asset_check_executions AS checked
USING unnest(CAST(:assets AS text[]), CAST(:checks AS text[]), CAST(:partitions AS text[]))
    AS gone (asset_key, check_name, partition)
WHERE checked.asset_key = gone.asset_key AND checked.check_name = gone.check_name
  AND checked.partition = gone.partition
""")
# The web server's cache keeps failed and materialised partitions until new ones come.
_FORGET_CACHE = db.text(
    "UPDATE asset_keys SET cached_status_data = NULL WHERE asset_key = ANY(CAST(:assets AS text[]))"
)


def retract(connection: Connection, run_id: str, retraction: Retraction) -> list[Partition]:
    """Carry it out in a few statements; returns partitions that had been materialised."""
    withdrawn: list[Partition] = []
    if retraction.absent:
        given = _columns(retraction.absent)
        gone = connection.execute(_ABSENT_EVENTS, given).all()
        connection.execute(_ABSENT_CHECKS, given)
        withdrawn = sorted({(a, p) for a, p, kind, _ in gone if kind == "ASSET_MATERIALIZATION"})
        if stale := sorted({asset for asset, _, _, run in gone if run != run_id}):
            connection.execute(_FORGET_CACHE, {"assets": stale})
    if retraction.untouched:
        given = {**_columns(retraction.untouched), "run_id": run_id}
        connection.execute(_UNTOUCHED_EVENTS, given)
        connection.execute(_UNTOUCHED_CHECKS, given)
    if retraction.unjudged:
        assets, checks, partitions = map(list, zip(*retraction.unjudged, strict=True))
        given = {"assets": assets, "checks": checks, "partitions": partitions}
        connection.execute(_UNJUDGED, given)
    return withdrawn


def _columns(named: Collection[Partition]) -> dict[str, object]:
    return {"assets": [a for a, _ in named], "partitions": [p for _, p in named]}
