"""How Daybook is let in: master keys, sealed credentials, and the one place tokens are refreshed.

Credentials rest in the registry, each value sealed with AES-GCM under a data key of its owner,
which is sealed under the master key; that one never enters the database. An owner is a connection
(its slug) or an application registered with a platform (`app:<channel>`).
"""

from connectors.auth.broker import Broker, GrantRefused, NeedsReconnection
from connectors.auth.tokens import Token
from connectors.auth.vault import Vault

__all__ = ["Broker", "GrantRefused", "NeedsReconnection", "Token", "Vault"]
