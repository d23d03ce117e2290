"""Messages to people through Apprise: mail, Slack, Teams and its hundred others."""

from typing import Any, Final
from urllib.parse import urlsplit

from connectors.errors import BadInput, Transient
from connectors.home import redaction

# These call any address with any body: a webhook does that signed, and never a private address.
_WEBHOOKS: Final = frozenset({"json", "jsons", "xml", "xmls", "form", "forms"})


def check_address(address: str) -> None:
    """Raise `BadInput` for an address that Apprise does not know."""
    scheme = scheme_of(address)
    if scheme in _WEBHOOKS:
        raise BadInput(f"{scheme}:// is no address of people: use an action of type webhook")
    if not scheme or _service(address) is None:
        raise BadInput(
            "this is no address of Apprise; one looks like mailtos://user:password@example.com or "
            "slack://token-a/token-b/token-c (github.com/caronc/apprise/wiki lists them)"
        )


def scheme_of(address: str) -> str:
    """Return the service of an address, which is all of it that may be shown."""
    return address.partition("://")[0].lower() if "://" in address else ""


def send_message(address: str, subject: str, body: str) -> None:
    """Send a message; raise `Transient` where the service did not take it."""
    _hide(address)
    service = _service(address)
    if service is None:
        raise BadInput("the address is none of Apprise's any more: give it again")
    # A subject is one line, whatever the fields of an event hold.
    title = " ".join(subject.split())
    if not service.notify(title=title, body=body):
        raise Transient(
            f"{scheme_of(address)}:// did not take the message: check the address and its password"
        )


def _service(address: str) -> Any:
    # Imported on use: it takes as long as a whole command.
    from apprise import Apprise

    return Apprise.instantiate(address, suppress_exceptions=True)


def _hide(address: str) -> None:
    """Mask the parts of an address in all output: any of them may be a token."""
    parts = urlsplit(address)
    words = (parts.password, *parts.path.split("/"))
    redaction.remember(word for word in words if word)
