"""Permissions of each role, in one table that the pages, the API and the docs share."""

from typing import Final, Literal

from connectors.database.registry import Role

Permission = Literal["read", "sync", "connect", "map", "post", "withdraw", "run", "administer"]

PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    "viewer": frozenset({"read"}),
    "operator": frozenset({"read", "sync", "connect", "run"}),
    "bookkeeper": frozenset({"read", "sync", "connect", "map", "post", "withdraw"}),
    "admin": frozenset({"read", "sync", "connect", "map", "post", "withdraw", "run", "administer"}),
}

DESCRIPTIONS: Final[dict[Permission, str]] = {
    "read": "see connections, settlements, journals and the books",
    "sync": "ask for days to be done, and work off tasks",
    "connect": "connect, rename, pause and disconnect accounts, and set triggers",
    "map": "map source types, and change which account a category goes to",
    "post": "decide what is posted, close months, and import bank statements",
    "withdraw": "withdraw documents, and the entries of a connection that is removed",
    "run": "use the Dagster pages",
    "administer": "manage users, applications and keys, and read the audit log",
}
