"""A public internet on loopback: names, addresses that are not loopback's, certificates.

The one thing replaced is `socket.getaddrinfo`: what a resolver says is what its users are tested
against, and no resolver of a test machine says it.
"""

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_real = socket.getaddrinfo


class Internet:
    """Names and addresses, without a network.

    `names` are what a name resolves to, answer after answer; the last one stays. An empty answer
    is a name that does not exist.

    `deaf` are public addresses where nobody listens; every other leads to loopback, port by port.
    `asked` is what was looked up, in order, addresses apart.
    """

    def __init__(self) -> None:
        self.names: dict[str, list[list[str]]] = {}
        self.deaf: set[str] = set()
        self.asked: list[str] = []

    def says(self, name: str, *answers: list[str]) -> None:
        """Set what the resolver answers for a name."""
        self.names[name] = list(answers)

    def getaddrinfo(self, host: str, port: int, *args: Any, **options: Any) -> list[Any]:
        """Return the resolver; addresses of the pretended internet come out as loopback's."""
        if host in self.names:
            self.asked.append(host)
            left = self.names[host]
            # A name may answer differently a moment later: that is how rebinding attacks work.
            answer = left.pop(0) if len(left) > 1 else left[0]
            if not answer:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return [entry for address in answer for entry in _real(address, port, *args, **options)]
        if host in self.deaf:
            return _real("127.0.0.1", _closed_port(), *args, **options)
        if host[:1].isdigit() and not host.startswith("127."):
            return _real("127.0.0.1", port, *args, **options)
        return _real(host, port, *args, **options)


def certificate(path: Path, *names: str) -> Path:
    """Return a certificate for names that vouches for itself, with its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    path.write_bytes(signed.public_bytes(pem) + key.private_bytes(pem, form, plain))
    return path


def _closed_port() -> int:
    with socket.socket() as probe:
        # Bound and closed again: for the moment nobody listens there.
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
