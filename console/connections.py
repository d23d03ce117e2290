"""What is done to a connection that is there: paused, resumed, removed; refused in words.

Connecting it, and letting its account go, is `connectors.connecting`.
"""

from connectors.errors import BadInput
from connectors.registry import Connection, Registry


def pause(registry: Registry, slug: str, actor: str) -> bool:
    """Ask the platform for nothing until `resume`; False when it is paused already."""
    found = _movable(registry, slug)
    if found.state == "paused":
        return False
    if found.state != "active":
        raise BadInput(f"{slug} is {found.state}: only one that is active can be paused")
    registry.set_connection_state(slug, "paused", actor)
    return True


def resume(registry: Registry, slug: str, actor: str) -> bool:
    """Go on with a paused connection; False when it is active already."""
    found = _movable(registry, slug)
    if found.state == "active":
        return False
    if found.state != "paused":
        raise BadInput(f"{slug} is {found.state}: only one that is paused can be resumed")
    registry.set_connection_state(slug, "active", actor)
    return True


def check_removable(found: Connection) -> None:
    """`BadInput` for a connection that has to be disconnected first."""
    if found.kind == "api" and found.state not in {"pending", "disconnected"}:
        raise BadInput(
            f"{found.slug} is connected: `daybook connections disconnect {found.slug}` first"
        )


def _movable(registry: Registry, slug: str) -> Connection:
    found = registry.connection(slug)
    if found.kind == "file":
        raise BadInput(f"{slug} reads files: nothing is fetched for it")
    return found
