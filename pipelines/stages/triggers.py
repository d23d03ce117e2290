"""Triggers of a home: those that are stored, and those that come with Daybook.

Secrets of actions are sealed in the vault, under the trigger's own owner; no document has them.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import SecretStr

from connectors.accounts.vault import Vault
from connectors.database.registry import StoredTrigger
from connectors.database.registry.triggers import unknown_trigger
from connectors.errors import BadInput
from connectors.triggers.actions import Action, MessageAction, RunJobAction, WebhookAction
from connectors.triggers.document import (
    TriggerDocument,
    read_trigger,
    shipped_triggers,
    stored_trigger,
)
from connectors.triggers.messages import check_address
from connectors.triggers.signed_webhooks import check_secret, check_webhook_url, new_secret
from pipelines.stages.trigger_runs import check_run
from pipelines.stages.workspace import Workspace

log = logging.getLogger(__name__)
ADDRESS, SECRET = "address", "secret"
_NO_ADDRESS: Final = "give the Apprise URL that messages go to, such as mailtos://..."


@dataclass(frozen=True, slots=True)
class TriggerStatus:
    """A trigger, whether it acts, and its actions that a receiver ended, with the reason.

    `shipped` ones come with Daybook; `missing` are actions that have no address yet.
    """

    document: TriggerDocument
    enabled: bool
    stopped: Mapping[str, str]
    shipped: bool
    missing: tuple[str, ...]
    changed_by: str | None = None


@dataclass(frozen=True, slots=True)
class SavedTrigger:
    """A trigger that was saved, and the secrets that were made for its webhooks, by action."""

    status: TriggerStatus
    secrets: Mapping[str, str]


def list_triggers(workspace: Workspace) -> list[TriggerStatus]:
    """Return every trigger by name, also those that come with Daybook and were never on."""
    stored = {each.name: _status(workspace, each) for each in workspace.registry.triggers.list()}
    shipped = {
        name: TriggerStatus(document, False, {}, True, _addressed(document))
        for name, document in shipped_triggers().items()
        if name not in stored
    }
    return [status for _, status in sorted({**stored, **shipped}.items()) if status is not None]


def trigger_named(workspace: Workspace, name: str) -> TriggerStatus:
    """Return one trigger; `BadInput` names those there are where it is not among them."""
    triggers = list_triggers(workspace)
    for status in triggers:
        if status.document.name == name:
            return status
    raise unknown_trigger(name, [status.document.name for status in triggers])


def save_trigger(workspace: Workspace, document: Any, actor: str) -> SavedTrigger:
    """Store a trigger, switched on, in place of the one of its name.

    What its file does not say of an address or a secret stays as it was sealed. `BadInput` in one
    line for a document that cannot be.
    """
    trigger = read_trigger(document)
    for action in trigger.actions:
        _check_action(workspace, action)
    sealed = _vault(workspace).read(owner_of(trigger.name))
    fields, made = _credentials(trigger, sealed)
    for name in _addressed(trigger):
        if f"{name}.{ADDRESS}" not in fields:
            raise BadInput(f"actions.{name}.address: {_NO_ADDRESS}")
    _vault(workspace).save(
        owner_of(trigger.name), {**dict.fromkeys(sealed.keys() - fields.keys()), **fields}
    )
    workspace.registry.triggers.save(trigger, actor, enabled=True)
    return SavedTrigger(trigger_named(workspace, trigger.name), made)


def enable_trigger(
    workspace: Workspace, name: str, actor: str, address: str | None = None
) -> TriggerStatus:
    """Switch a trigger on, from the events on that come now; `address` is where messages go.

    `BadInput` where it sends messages and no address was ever given.
    """
    status = trigger_named(workspace, name)
    addressed = _addressed(status.document)
    if address is not None:
        if not addressed:
            raise BadInput(f"{name} sends no message: it needs no address")
        check_address(address)
        fields = {f"{action}.{ADDRESS}": address for action in addressed}
        _vault(workspace).save(owner_of(name), fields)
    elif status.missing:
        raise BadInput(f"{name} has no address: {_NO_ADDRESS}")
    if workspace.registry.triggers.find(name) is None:
        workspace.registry.triggers.save(status.document, actor, enabled=True)
    workspace.registry.triggers.enable(name, actor)
    return trigger_named(workspace, name)


def disable_trigger(workspace: Workspace, name: str, actor: str) -> TriggerStatus:
    """Switch a trigger off; what waits to be sent is skipped."""
    trigger_named(workspace, name)
    if workspace.registry.triggers.find(name) is not None:
        workspace.registry.triggers.disable(name, actor)
    return trigger_named(workspace, name)


def remove_trigger(workspace: Workspace, name: str, actor: str) -> None:
    """Delete a trigger, its history and its secrets; one of Daybook's own is off again."""
    workspace.registry.triggers.remove(name, actor)
    _vault(workspace).forget(owner_of(name))


def readable_triggers(workspace: Workspace) -> dict[str, TriggerDocument]:
    """Return the stored triggers that this release can read, by name."""
    documents: dict[str, TriggerDocument] = {}
    for stored in workspace.registry.triggers.list():
        try:
            documents[stored.name] = stored_trigger(stored.document)
        # One of another release must not keep the others from acting.
        except BadInput as error:
            log.warning("trigger %s: %s", stored.name, error)
    return documents


def owner_of(name: str) -> str:
    """Return the owner, in the vault, of a trigger's secrets."""
    return f"trigger:{name}"


def secrets_of(workspace: Workspace, name: str, action: str) -> dict[str, str]:
    """Return the secrets of one action: `address` or `secret`."""
    prefix = f"{action}."
    sealed = _vault(workspace).read(owner_of(name))
    return {field[len(prefix) :]: v for field, v in sealed.items() if field.startswith(prefix)}


def _status(workspace: Workspace, stored: StoredTrigger) -> TriggerStatus | None:
    try:
        document = stored_trigger(stored.document)
    except BadInput:
        return None
    sealed = _vault(workspace).read(owner_of(stored.name)) if _addressed(document) else {}
    missing = tuple(n for n in _addressed(document) if f"{n}.{ADDRESS}" not in sealed)
    return TriggerStatus(
        *(document, stored.enabled, stored.stopped, stored.name in shipped_triggers(), missing),
        changed_by=stored.changed_by,
    )


def _addressed(document: TriggerDocument) -> tuple[str, ...]:
    """Return the actions that send messages."""
    return tuple(n for n, a in document.by_name.items() if isinstance(a, MessageAction))


def _check_action(workspace: Workspace, action: Action) -> None:
    match action:
        case WebhookAction():
            check_webhook_url(action.url, workspace.settings.private_hosts)
            if action.secret is not None:
                check_secret(action.secret.get_secret_value())
        case MessageAction() if action.address is not None:
            check_address(action.address.get_secret_value())
        case RunJobAction():
            check_run(action)


def _credentials(
    trigger: TriggerDocument, sealed: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return what a trigger's actions have sealed from now on, and the secrets made for it."""
    fields: dict[str, str] = {}
    made: dict[str, str] = {}
    for name, action in trigger.by_name.items():
        match action:
            case MessageAction():
                field, typed = f"{name}.{ADDRESS}", action.address
            case WebhookAction():
                field, typed = f"{name}.{SECRET}", action.secret
                if typed is None and field not in sealed:
                    made[name] = new_secret()
                    typed = SecretStr(made[name])
            case _:
                continue
        if typed is not None:
            fields[field] = typed.get_secret_value()
        elif field in sealed:
            fields[field] = sealed[field]
    return fields, made


def _vault(workspace: Workspace) -> Vault:
    return Vault(workspace.settings, workspace.registry)
