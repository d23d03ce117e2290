"""One platform's HTTP: time-outs, a size limit, JSON, and failures as typed errors.

No message repeats a query string, a header or a body: tokens and keys travel in them.
"""

import json
import logging
import ssl
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from time import sleep
from types import TracebackType
from typing import Any, Self

import httpx2

from connectors.errors import ConfigError, DaybookError, Permanent, RateLimited, Transient
from connectors.http.limits import NO_RETRY, RateLimiter, RetryPolicy, Unlimited
from connectors.http.messages import LARGEST_BYTES, Request, Response, read_already
from connectors.http.pagination import Paginator, pages

# For each connect and read, not for the whole call: a large report may take longer.
TIMEOUT_SECONDS = 30.0
RETRY_AFTER_SECONDS = 60.0
# The Selling Partner API requires a User-Agent with the language of the client.
USER_AGENT = "Daybook/0.1 (Language=Python)"

# It logs every URL at INFO, and TikTok Shop's token requests carry secrets in theirs.
logging.getLogger("httpx2").setLevel(logging.WARNING)


@cache
def tls() -> ssl.SSLContext:
    """Return trusted authorities, read once: a context takes longer to make than a call."""
    return httpx2.create_ssl_context()


class AccessRefused(ConfigError):
    """The platform rejected the credentials."""


ErrorFor = Callable[[httpx2.Response], Exception | None]


def no_error(_response: httpx2.Response) -> Exception | None:
    """Leave every response to its status."""
    return None


class Remote:
    """Calls to one platform, by name `title`. Opened with `with`; threads may share it.

    `error_for` is the platform's own reading of a response and comes first: it returns an error, or
    None to leave the response to its status. Figures with a point are Decimal where they are to be
    `exact`. `limiter` and `retry_policy` concern `send` and
    `pages` alone, which read; `get`, `post` and `call` go out once.
    """

    def __init__(
        self,
        title: str,
        auth: httpx2.Auth | None = None,
        error_for: ErrorFor = no_error,
        headers: Mapping[str, str] | None = None,
        transport: httpx2.BaseTransport | None = None,
        limiter: RateLimiter | None = None,
        retry_policy: RetryPolicy = NO_RETRY,
        *,
        exact: bool = False,
    ) -> None:
        self._title, self._error_for = title, error_for
        self._figure: Callable[[str], Decimal] | None = Decimal if exact else None
        self._limiter, self._retry_policy = limiter or Unlimited(), retry_policy
        self._waited = 0.0
        self._client = httpx2.Client(
            auth=auth,
            headers={"User-Agent": USER_AGENT, "Accept": "application/json", **(headers or {})},
            verify=tls(),
            timeout=TIMEOUT_SECONDS,
            # A redirect would carry credentials to a host that nobody checked.
            follow_redirects=False,
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def get(self, url: str, **options: Any) -> Any:
        """Return the JSON that a GET answers; `options` are httpx2's (params, headers)."""
        return self.call("GET", url, **options)

    def post(self, url: str, **options: Any) -> Any:
        """Return a POST's JSON; `options` are httpx2's (json, data, params, headers)."""
        return self.call("POST", url, **options)

    def call(self, method: str, url: str, *, operation: str | None = None, **options: Any) -> Any:
        """Return the JSON of an answer, None for an empty one.

        It takes its turn where an `operation` of the platform's limits is named. Raises
        `AccessRefused` for 401, `ConfigError` for 403, `RateLimited` for 429, `Transient` for the
        network, time-outs, 5xx and cut answers, `Permanent` for anything else.
        """
        if operation is not None:
            wait = self._retry_policy.max_wait
            self.wait(self._limiter.acquire(operation, wait))
        response = self._request(method, url, options)
        try:
            request = self._check(response)
        except RateLimited as error:
            if operation is not None:
                self._limiter.penalise(operation, error.retry_after)
            raise
        if not response.content:
            return None
        try:
            return json.loads(response.content, parse_float=self._figure)
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise Transient(
                f"{self._title} answers {request} with something that is cut or no JSON: try again"
            ) from error

    def send(self, request: Request) -> Response:
        """Return the response to a request, retried as the policy says; errors as of `call`."""
        attempt = 0
        while True:
            attempt += 1
            max_wait = self._retry_policy.max_wait
            self.wait(self._limiter.acquire(request.operation, max_wait, request.cost))
            try:
                return self._send_once(request)
            except (RateLimited, Transient) as error:
                # All processes wait, not this one alone: they share the limit that was exceeded.
                if isinstance(error, RateLimited):
                    self._limiter.penalise(request.operation, error.retry_after)
                wait = self._retry_policy.wait(attempt, error)
                if wait is None:
                    raise
                self.wait(wait)

    def release(self, request: Request, cost: float) -> None:
        """Return the part of a request's `cost` that the platform did not count."""
        self._limiter.release(request.operation, cost)

    def wait(self, seconds: float) -> None:
        """Wait, or raise `RateLimited` when the budget is spent: a waiting run holds a slot."""
        # Counted before the wait: a run ends early rather than after the budget.
        self._waited += seconds
        if self._waited > self._retry_policy.budget:
            raise RateLimited(
                f"{self._title} is asked as often as it allows: the rest comes later", seconds
            )
        sleep(seconds)

    def pages(self, first: Request, paginator: Paginator) -> Iterator[Response]:
        """Yield every response to a request that comes in pages, the last one included."""
        return pages(self.send, first, paginator)

    def _send_once(self, request: Request) -> Response:
        options: dict[str, Any] = {"headers": dict(request.headers)}
        if request.params:
            options["params"] = dict(request.params)
        if request.json is not None:
            options["json"] = request.json
        received = self._request(request.method, request.url, options, request.largest)
        self._check(received)
        response = Response.of(received)
        kind = received.headers.get("Content-Type", "")
        # A JSON value a line is no JSON as a whole.
        if "json" in kind and "jsonl" not in kind:
            # Parsed here, where a truncated body can still be retried.
            response.json  # noqa: B018
        return response

    def _check(self, response: httpx2.Response) -> str:
        """Return a description of the request; raise the error that its response stands for."""
        # The path alone: some platforms' queries carry tokens and signatures.
        operation = f"{response.request.method} {response.request.url.path}"
        error = self._error_for(response)
        error = error or status_error(self._title, operation, response)
        if error is not None:
            raise error
        return operation

    def _request(
        self, method: str, url: str, options: Mapping[str, Any], largest: int = LARGEST_BYTES
    ) -> httpx2.Response:
        try:
            return self._read(method, url, options, largest)
        except httpx2.TransportError as error:
            raise unreachable(self._title, error) from error
        except httpx2.InvalidURL as error:
            raise Permanent(f"{self._title}: an address of it is not a URL") from error

    def _read(
        self, method: str, url: str, options: Mapping[str, Any], largest: int
    ) -> httpx2.Response:
        """Return the whole response, or raise `Permanent` once it exceeds `largest`."""
        with self._client.stream(method, url, **options) as response:
            content = bytearray()
            # Counted after decompression: a small body may unpack to any size.
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > largest:
                    raise Permanent(f"{self._title} answers with more than {largest // 2**20} MB")
            # The content is decompressed already; with this header httpx2 would try it again.
            headers = httpx2.Headers(
                [(k, v) for k, v in response.headers.multi_items() if k != "content-encoding"]
            )
            return httpx2.Response(
                response.status_code,
                headers=headers,
                content=bytes(content),
                request=response.request,
                extensions=read_already(response),
            )


def unreachable(title: str, error: httpx2.TransportError) -> Transient:
    """Return the error for a failed connection."""
    return Transient(f"{title} does not answer ({type(error).__name__}): try again")


def wait_seconds(response: httpx2.Response) -> float:
    """Return the seconds that a response asks to wait; a minute if it doesn't say."""
    stated = response.headers.get("Retry-After", "")
    # HTTP allows a date here too (RFC 9110, section 10.2.3); a minute stands for it.
    return float(stated) if stated.isdigit() else RETRY_AFTER_SECONDS


def status_error(title: str, operation: str, response: httpx2.Response) -> DaybookError | None:
    """Return the error for a status; None for success."""
    status = response.status_code
    if status == httpx2.codes.UNAUTHORIZED:
        return AccessRefused(f"{title} no longer accepts the authorisation: connect it again")
    if status == httpx2.codes.FORBIDDEN:
        return ConfigError(
            f"{title} does not allow {operation}: the application lacks a permission for it, or "
            "the account has not granted it"
        )
    if status == httpx2.codes.TOO_MANY_REQUESTS:
        wait = wait_seconds(response)
        return RateLimited(f"{title} asks us to wait {wait:g} s", wait)
    if status == httpx2.codes.REQUEST_TIMEOUT or status >= httpx2.codes.INTERNAL_SERVER_ERROR:
        return Transient(f"{title} answers {operation} with {status}: try again")
    # Redirects and the remaining 4xx: asking again would get the same response.
    if status >= httpx2.codes.MULTIPLE_CHOICES:
        return Permanent(f"{title} answers {operation} with {status}")
    return None
