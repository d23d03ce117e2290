"""Pseudonyms of buyers: the same for one buyer in a home, and of no use outside it."""

import hashlib
import secrets

from connectors.accounts.vault import Vault
from connectors.database.registry import Registry
from connectors.home.settings import Settings
from connectors.lake.engine import quoted

# The owner and field of the secret in the vault; it outlives every rotation of the master key.
_OWNER, _SECRET = ":pseudonyms", "secret"
_DIGITS = 32


def pseudonym_secret(settings: Settings, registry: Registry) -> str:
    """Return the home's secret of pseudonyms, made at its first use."""
    vault = Vault(settings, registry)
    with vault.hold(_OWNER) as locked:
        if _SECRET not in locked.fields:
            locked.save({_SECRET: secrets.token_hex(_DIGITS)})
        return locked.fields[_SECRET]


def pseudonym_sql(secret: str, connection: str, customer: str) -> str:
    """Return SQL for the pseudonym of `customer`, an expression; null where that is."""
    text = " || chr(0) || ".join(
        (quoted(secret), quoted(connection), f"lower(CAST({customer} AS VARCHAR))")
    )
    return f"left(sha256({text}), {_DIGITS})"


def pseudonym(secret: str, connection: str, customer: str) -> str:
    """Return the pseudonym of a customer, given by the platform's id or mail address."""
    text = "\0".join((secret, connection, customer.lower()))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
