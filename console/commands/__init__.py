"""One module a family of commands; each adds its own to the command line.

`COMMANDS` lists them without importing any: the modules bring DuckDB, SQLAlchemy and the platforms
with them, which `daybook --help` has no use for.
"""

from typing import Final, NamedTuple


class Entry(NamedTuple):
    """A command of the command line: its module here, and its line in the help."""

    module: str
    summary: str


COMMANDS: Final = {
    "init": Entry("home", "Create the home, or complete it."),
    "doctor": Entry("home", "Check the home and say how to fix it."),
    "channels": Entry("home", "List what can be connected, and how."),
    "down": Entry("home", "Stop the home's database server."),
    "import": Entry("imports", "Import settlement files."),
    "sync": Entry("sync", "Bring journals, books and warehouse up to date."),
    "publish": Entry("publish", "Post planned journal entries."),
    "journals": Entry("journals", "Show journal entries and their state."),
    "reconcile": Entry("reconcile", "Compare every settlement with the books."),
    "bank": Entry("bank", "Match payouts with bank statements."),
    "costs": Entry("costs", "Book what goods cost."),
    "rates": Entry("rates", "Keep rates of exchange."),
    "close": Entry("close", "Archive a month and close its books."),
    "sql": Entry("sql", "Query the warehouse."),
    "up": Entry("up", "Run the console and everything behind it."),
    "demo": Entry("demo", "Try the whole chain with sample settlements."),
    "connections": Entry("connections", "Manage connected stores and accounts."),
    "documents": Entry("documents", "List imported documents, or withdraw one."),
    "triggers": Entry("triggers", "Have something done when something happens."),
    "tasks": Entry("tasks", "Work off what triggers assigned."),
    "privacy": Entry("privacy", "Report, export and erase personal data."),
    "applications": Entry("applications", "Manage applications registered with platforms."),
    "mappings": Entry("mappings", "Choose the account of each category."),
    "keys": Entry("keys", "Manage the key that seals credentials."),
    "users": Entry("users", "Manage who may sign in to the console."),
}
