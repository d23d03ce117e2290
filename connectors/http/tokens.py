"""Access tokens on requests: each request carries one, and a refused one is renewed once."""

from collections.abc import Callable, Generator
from time import monotonic
from typing import Protocol

import httpx2

# Far below the remaining lifetime that the broker guarantees.
REMEMBERED_SECONDS = 20.0


class TokenSource(Protocol):
    """Hands out an access token; a newer one than `refused` where that is given."""

    def __call__(self, refused: str | None = None) -> str:
        """Return a valid token; one other than `refused`, where that is given."""
        ...


class Remembered:
    """A cache in front of a source, renewed regularly and after a refusal.

    The source opens the vault, which takes longer than many calls.
    """

    def __init__(self, source: TokenSource, seconds: float = REMEMBERED_SECONDS) -> None:
        self._source, self._seconds = source, seconds
        self._token, self._until = "", float("-inf")

    def __call__(self, refused: str | None = None) -> str:
        """Return a recent token of the source that has not been refused since."""
        # Not the wall clock, which can be set back and keep an old token.
        if refused is not None or monotonic() >= self._until:
            self._token = self._source(refused)
            self._until = monotonic() + self._seconds
        return self._token


def unauthorised(response: httpx2.Response) -> bool:
    """Return what most platforms answer to a token they do not accept."""
    return response.status_code == httpx2.codes.UNAUTHORIZED


class TokenAuth(httpx2.Auth):
    """`header` carries the token, written as `form`; `refuses` recognises a refused one.

    A token may be refused before its time: the platform revoked it, or a clock is off.
    """

    # Some platforms put the refusal into the body of a 200.
    requires_response_body = True

    def __init__(
        self,
        token: TokenSource,
        header: str = "Authorization",
        form: str = "Bearer {}",
        refuses: Callable[[httpx2.Response], bool] = unauthorised,
    ) -> None:
        self._token, self._header, self._form, self._refuses = token, header, form, refuses

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Send with the token kept; when that is refused, once with a newer one."""
        token = self._token()
        self._place(request, token)
        response = yield request
        if self._refuses(response):
            # The source gets the refused token: another process may have renewed it already.
            newer = self._token(refused=token)
            # The source has nothing better: a second refusal would tell nothing new.
            if newer != token:
                self._place(request, newer)
                yield request

    def _place(self, request: httpx2.Request, token: str) -> None:
        request.headers[self._header] = self._form.format(token)
