"""Signature Version 4, with which calls to Amazon Web Services are signed by an access key.

botocore makes the signature. Its client is not used: it would read the AWS settings of the machine,
and wait, try again and fail in its own way.
"""

from collections.abc import Generator

import httpx2

_SIGNED = ("Content-Type", "X-Amz-Target")


class SignatureV4(httpx2.Auth):
    """Signs a request to a service in a region: its address, its body and what it asks for."""

    requires_request_body = True

    def __init__(self, service: str, region: str, key_id: str, secret: str) -> None:
        self._service, self._region = service, region
        self._key_id, self._secret = key_id, secret

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Send with a signature that is made now: it is good for some minutes."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import ReadOnlyCredentials

        headers = {name: request.headers[name] for name in _SIGNED if name in request.headers}
        signed = AWSRequest(request.method, str(request.url), headers, request.content)
        credentials = ReadOnlyCredentials(self._key_id, self._secret, None)
        SigV4Auth(credentials, self._service, self._region).add_auth(signed)
        for name in ("Authorization", "X-Amz-Date"):
            request.headers[name] = signed.headers[name]
        yield request
