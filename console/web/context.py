"""The context of the console's pages and API: one home, opened, and the programs behind it."""

from dataclasses import dataclass

from connectors.accounts.accounts import Accounts
from connectors.database.registry import Registry
from connectors.home.settings import Settings
from console.web.sessions import Sessions


@dataclass(frozen=True, slots=True)
class Console:
    """A home and its programs; `dagster` and `books` are their addresses, if they run."""

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
