"""What the console's pages and API work on: one home, opened, and the programs behind it."""

from dataclasses import dataclass

from connectors.accounts.accounts import Accounts
from connectors.database.registry import Registry
from connectors.home.settings import Settings
from console.web.sessions import Sessions


@dataclass(frozen=True, slots=True)
class Console:
    """What pages and API work on; `dagster` and `books` are where those programs listen, if."""

    settings: Settings
    registry: Registry
    dagster: str | None = None
    books: str | None = None

    @property
    def accounts(self) -> Accounts:
        """Return the connected accounts."""
        return Accounts(self.settings, self.registry)

    @property
    def sessions(self) -> Sessions:
        """Return who is signed in."""
        return Sessions(self.registry)
