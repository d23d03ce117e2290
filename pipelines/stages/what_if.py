"""The effect of a mapping on past days of a store, compared with the one that holds now."""

from dataclasses import dataclass
from decimal import Decimal

from connectors.lake.windows import Window
from mappings.journal.config import MappingConfig
from pipelines.stages.entry_lines import write_journals
from pipelines.stages.store import Store


@dataclass(frozen=True, slots=True)
class AccountChange:
    """The sum of an account and tax code in one currency, debits positive, before and after."""

    currency: str
    account: str | None
    tax_code: str | None
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The effect of a mapping on computed days.

    `changed` counts the entries that would differ, `held` those that would be held, and
    `held_before` those that are.
    """

    days: int
    entries: int
    changed: int
    held_before: int
    held: int
    accounts: tuple[AccountChange, ...]


_JOURNAL = """
SELECT entry_id, currency, account, tax_code, amount, content_hash, held_reason FROM journal
"""
_ACCOUNTS = """
SELECT
    currency, account, tax_code,
    coalesce(sum(amount) FILTER (NOT is_new), 0)::DECIMAL(38, 4),
    coalesce(sum(amount) FILTER (is_new), 0)::DECIMAL(38, 4)
FROM (SELECT *, false AS is_new FROM present UNION ALL SELECT *, true FROM proposed)
GROUP BY ALL
HAVING
    coalesce(sum(amount) FILTER (NOT is_new), 0) <> coalesce(sum(amount) FILTER (is_new), 0)
ORDER BY ALL
"""
# Another mode makes other entries of the same transactions.
_ENTRIES = """
SELECT
    count(q.entry_id),
    count(*) FILTER (p.content_hash IS DISTINCT FROM q.content_hash),
    count(p.held_reason),
    count(q.held_reason)
FROM (SELECT DISTINCT entry_id, content_hash, held_reason FROM present) AS p
FULL JOIN (SELECT DISTINCT entry_id, content_hash, held_reason FROM proposed) AS q USING (entry_id)
"""


def what_if(store: Store, target: str, config: MappingConfig, window: Window) -> WhatIf:
    """Compare the entries of computed days under a mapping with those under what holds there.

    Nothing is saved or planned. `ConfigError` where this release cannot read a saved mapping.
    """
    present = sorted(day for day in store.lake.days("transactions", store.slug) if day in window)
    if not present:
        return WhatIf(0, 0, 0, 0, 0, ())
    with store.workspace.engine() as con:
        for table, proposed in (("present", None), ("proposed", config)):
            journals = write_journals(con, store, target, present, proposed=proposed)
            for number, _ in enumerate(journals):
                into = f"INSERT INTO {table}" if number else f"CREATE TEMP TABLE {table} AS"
                con.execute(f"{into} {_JOURNAL}")
        changes = tuple(AccountChange(*row) for row in con.execute(_ACCOUNTS).fetchall())
        counts = con.execute(_ENTRIES).fetchone()
    assert counts is not None
    entries, changed, held_before, held = counts
    return WhatIf(len(present), entries, changed, held_before, held, changes)
