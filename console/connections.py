"""Actions on connections: begin, pause, resume, sync, remove, each refused with a reason.

The command line, the API and the pages do it here. Connecting its account, and letting it go, is
`connectors.accounts.accounts`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from connectors.accounts.broker import NeedsReconnection
from connectors.accounts.fields import slug_for
from connectors.accounts.platforms import has_settlements, platform_named
from connectors.accounts.setup import Imports, Setup, StreamChoice, StreamName
from connectors.channels import CHANNELS
from connectors.channels.poll_schedule import check_poll_minutes
from connectors.database.registry import Connection, Registry
from connectors.database.registry.findings import MAPPING
from connectors.errors import BadInput
from mappings.model import BOOKS
from pipelines.stages.provisional import book_provisional, is_booked
from pipelines.stages.targets import plan_all
from pipelines.stages.workspace import Workspace


def free_slug(registry: Registry, name: str) -> str:
    """Return a slug made of a name, which no connection has."""
    return slug_for(name, {connection.slug for connection in registry.connections.list()})


def begin(
    registry: Registry,
    channel: str,
    name: str,
    actor: str,
    slug: str | None = None,
    store: str | None = None,
) -> Connection:
    """Begin a set-up: a pending connection that a consent or keys finish.

    `store` is the one whose set-up waits for the organisation.
    """
    platform = platform_named(channel)
    slug = slug or free_slug(registry, name)
    # Its own zone comes with the account.
    registry.connections.add(
        slug, channel=platform.name, name=name, timezone="UTC", kind="api", actor=actor
    )
    registry.connections.set_setup(
        slug, Setup(step="account", store=store).model_dump(mode="json"), actor
    )
    return registry.connections.get(slug)


def change_imports(
    workspace: Workspace, slug: str, actor: str, changes: Mapping[str, object]
) -> Imports:
    """Change the imports of a connected account, completing its set-up; return them."""
    connection = _movable(workspace.registry, slug)
    if connection.state == "pending":
        raise BadInput(f"{slug} is not set up yet: finish its set-up")
    if not has_settlements(connection):
        raise BadInput(f"{slug} is an accounting organisation: nothing is imported from it")
    before = Setup.model_validate(connection.setup)
    imports = before.imports.model_copy(update=dict(changes))
    after = before.model_copy(update={"imports": imports, "step": "done"})
    if after != before:
        keep_setup(workspace, connection, after, actor)
    return imports


def stream_choices(
    connection: Connection, imports: Imports, changes: Mapping[StreamName, Mapping[str, object]]
) -> dict[StreamName, StreamChoice]:
    """Return the choices of streams with some changed: `history` and `ongoing`, where given.

    Raises `BadInput` for a stream that the connection's platform does not have.
    """
    source = CHANNELS.get(connection.channel)
    choices = dict(imports.streams)
    for name, change in changes.items():
        if source is None or source.source_of(name) is None:
            title = platform_named(connection.channel).title
            raise BadInput(f"{connection.slug}: Daybook reads no {name} from {title}")
        before = imports.stream(name)
        after = before.model_copy(update=dict(change))
        # What comes counts from when it was chosen.
        since = before.since if before.ongoing and before.since else datetime.now(UTC)
        choices[name] = after.model_copy(update={"since": since if after.is_on else None})
    return {name: choice for name, choice in choices.items() if choice.is_on}


def keep_setup(
    workspace: Workspace, connection: Connection, setup: Setup, actor: str
) -> Connection:
    """Keep what a connection is set up to; the days that it changes are asked for."""
    if not has_settlements(connection) and (setup.target != BOOKS or setup.imports != Imports()):
        raise BadInput(
            f"{connection.slug} is an accounting organisation: it imports nothing, and is itself "
            "where entries go"
        )
    provisional = setup.imports.provisional
    if provisional and not supports_provisional(connection):
        raise BadInput(
            f"{connection.slug} has no provisional figures: "
            f"{platform_named(connection.channel).title} reports no day before its settlement"
        )
    check_poll_minutes(connection, setup.imports.poll_minutes)
    registry, slug = workspace.registry, connection.slug
    names_people = _holds_people(setup) and not _holds_people(
        Setup.model_validate(connection.setup)
    )
    registry.connections.set_setup(slug, setup.model_dump(mode="json"), actor)
    changed = registry.connections.get(slug)
    if names_people:
        # What is here was read without the people in it.
        streams = CHANNELS[connection.channel].streams
        registry.record_imports.forget(slug, [s.name for s in streams if s.person is not None])
    # Days that were booked ahead must be withdrawn as well when that is turned off.
    if provisional != is_booked(connection):
        book_provisional(workspace, changed, actor)
    return changed


def _holds_people(setup: Setup) -> bool:
    return setup.imports.personal_data and setup.imports.stream("contacts").is_on


def targets(registry: Registry) -> dict[str, str]:
    """Return the targets of entries, by slug: the books, and every connected organisation."""
    titles = {BOOKS: "The books (Beancount)"}
    for connection in registry.connections.list():
        if _is_target(connection):
            titles[connection.slug] = (
                f"{platform_named(connection.channel).title}: {connection.name}"
            )
    return titles


def check_target(registry: Registry, target: str) -> None:
    """Raise `BadInput` where no entries can go to `target`."""
    if target != BOOKS and not _is_target(registry.connections.get(target)):
        raise BadInput(
            f"{target} is no connected accounting organisation: choose {BOOKS} or one that is"
        )


def _is_target(connection: Connection) -> bool:
    authorised = connection.account_id is not None and connection.state != "disconnected"
    # One that needs reauthorising stays a target: its entries wait for it.
    return authorised and not has_settlements(connection)


def target_of(connection: Connection) -> str:
    """Return where a store's entries go; `BadInput` for an organisation, which is where they go."""
    if not has_settlements(connection):
        raise BadInput(f"{connection.slug} is an accounting organisation: it has no target")
    return Setup.model_validate(connection.setup).target


def change_target(workspace: Workspace, slug: str, target: str, actor: str) -> bool:
    """Have a store's entries go to `target` from now on; False when they do already.

    The books are written in any case. The store's entries are planned for an organisation
    that is posted to. `BadInput` as `check_target` and `target_of`.
    """
    registry = workspace.registry
    connection = registry.connections.get(slug)
    before = target_of(connection)
    if before == target:
        return False
    check_target(registry, target)
    setup = Setup.model_validate(connection.setup).model_copy(update={"target": target})
    registry.connections.set_setup(slug, setup.model_dump(mode="json"), actor)
    # Journals that exist already were planned for the target of before.
    if before != BOOKS:
        registry.publications.drop_drafts(before, slug)
        registry.findings.set(slug, MAPPING, [])
    plan_all(workspace, registry.connections.get(slug))
    return True


def supports_provisional(connection: Connection) -> bool:
    """Return whether the connection's channel reports days before a settlement covers them."""
    channel = CHANNELS.get(connection.channel)
    return channel is not None and channel.supports_provisional


def check_syncable(connection: Connection) -> None:
    """Raise `BadInput` or `NeedsReconnection` for a connection that nothing can be done for now."""
    slug = connection.slug
    if not has_settlements(connection):
        raise BadInput(f"{slug} is no store: it has no settlements")
    match connection.state:
        # An error of its own: the API answers 409 to it, and 422 to the others.
        case "needs_reauth":
            raise NeedsReconnection(f"{slug}: {connection.reason or 'connect it again'}")
        case "pending":
            raise BadInput(f"{slug} is not set up yet: finish its set-up")
        case "paused":
            raise BadInput(f"{slug} is paused: resume it first")
        case "disconnected":
            raise BadInput(f"{slug} is disconnected: connect it again first")


def pause(registry: Registry, slug: str, actor: str) -> bool:
    """Ask the platform for nothing until `resume`; False when it is paused already."""
    connection = _movable(registry, slug)
    if connection.state == "paused":
        return False
    if connection.state != "active":
        raise BadInput(f"{slug} is {connection.state}: only one that is active can be paused")
    registry.connections.set_state(slug, "paused", actor)
    return True


def resume(registry: Registry, slug: str, actor: str) -> bool:
    """Resume a paused connection; return False if it is active already."""
    connection = _movable(registry, slug)
    if connection.state == "active":
        return False
    if connection.state != "paused":
        raise BadInput(f"{slug} is {connection.state}: only one that is paused can be resumed")
    registry.connections.set_state(slug, "active", actor)
    return True


def check_removable(connection: Connection) -> None:
    """Raise `BadInput` for a connection that has to be disconnected first."""
    # Removing first would drop the credentials that revoke the grant at the platform.
    if connection.kind == "api" and connection.state not in {"pending", "disconnected"}:
        slug = connection.slug
        raise BadInput(f"{slug} is connected: `daybook connections disconnect {slug}` first")


def _movable(registry: Registry, slug: str) -> Connection:
    connection = registry.connections.get(slug)
    if connection.kind == "file":
        raise BadInput(f"{slug} reads files: nothing is fetched for it")
    return connection
