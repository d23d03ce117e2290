"""What the console's pages and API work on: one home, opened, and the programs behind it."""

from dataclasses import dataclass, field

from connectors.connecting import Accounts
from connectors.registry import Registry
from connectors.settings import Settings
from console.web.sessions import Sessions, Tries


@dataclass(frozen=True, slots=True)
class Console:
    """What pages and API work on; `dagster` and `books` are where those programs listen, if."""

    settings: Settings
    registry: Registry
    dagster: str | None = None
    books: str | None = None
    tries: Tries = field(default_factory=Tries)

    @property
    def accounts(self) -> Accounts:
        """The connected accounts."""
        return Accounts(self.settings, self.registry)

    @property
    def sessions(self) -> Sessions:
        """Who is signed in."""
        return Sessions(self.registry, self.tries)
