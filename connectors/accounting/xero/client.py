"""Calls to one Xero organisation: its limits, its pages, and its ways to refuse.

Facts: Xero's OpenAPI document (accounting). With `summarizeErrors=false` refusals stand beside each
item of an answer of 200; a warning may mean that a line was dropped. A key of idempotency is kept
for six minutes and compared with method, address and body; it may repeat an error whose cause is
cured.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

import httpx2
import orjson

from connectors.accounting.target import PeriodClosed
from connectors.accounting.xero.booked import moment_of
from connectors.accounts.platform import Access
from connectors.errors import Permanent, Transient
from connectors.http import Limit, RateLimiter, Remote, TokenAuth

TITLE: Final = "Xero"
TENANT: Final = "xero-tenant-id"
# 60 a minute and 1,000 a day for an organisation (Starter; 5,000 from Core on), in fixed windows:
# a burst and a minute's worth together stay within one.
CALLS: Final = "calls"
LIMITS: Final = {CALLS: Limit(per_second=0.9, burst=6, per_day=1_000)}
GONE: Final = frozenset(("VOIDED", "DELETED"))
_PAGE: Final = 100
_LOCKED: Final = ("before the period lock date", "before the end of year lock date")
_NOUNS: Final = {
    "Contacts": "contact",
    "CreditNotes": "credit note",
    "Invoices": "invoice",
    "ManualJournals": "journal",
    "Payments": "payment",
}
Record = Mapping[str, Any]


class XeroClient:
    """The API of one organisation."""

    def __init__(self, access: Access, limiter: RateLimiter) -> None:
        """Call nothing yet."""
        self._access, self._limiter = access, limiter

    def call(self, method: str, path: str, **options: Any) -> Any:
        """Return an answer, parsed; figures with a point are Decimal."""
        headers = dict(options.pop("headers", {}))
        if tenant := self._access.fields.get("tenant_id"):
            headers[TENANT] = tenant
        auth = TokenAuth(self._access.token)
        with Remote(TITLE, auth, error_for=_error, limiter=self._limiter, exact=True) as xero:
            url = self._access.url("api", f"/api.xro/2.0{path}")
            return xero.call(method, url, operation=CALLS, headers=headers, **options)

    def organisation(self) -> Record:
        """Return what the organisation says of itself."""
        answer = self.call("GET", "/Organisation")
        organisation: Record = answer["Organisations"][0]
        return organisation

    def pages(
        self, resource: str, query: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Iterator[Record]:
        """Yield the items of a list, with their lines."""
        page = 1
        while True:
            # Only pages have lines.
            params = {**query, "page": str(page)}
            answer = self.call("GET", f"/{resource}", params=params, headers=headers or {})
            # Nothing changed since: an answer of 304 has no body.
            items = answer[resource] if answer else []
            yield from items
            if len(items) < _PAGE:
                return
            page += 1

    def of_days(self, resource: str, first: date, last: date) -> Iterator[Record]:
        """Yield the items of some days, both included."""
        where = f"Date>={moment_of(first)} AND Date<={moment_of(last)}"
        return self.pages(resource, {"where": where})

    def one(self, resource: str, number: str) -> Record | None:
        """Return one item by its id; None where there is none."""
        try:
            items = self.call("GET", f"/{resource}/{number}")[resource]
        except _NoDocument:
            return None
        return items[0] if items else None

    def write(
        self, method: str, resource: str, path: str, document: Record, key: str | None = None
    ) -> Record:
        """Write an item and return it as it is there.

        Raises `PeriodClosed`, `Permanent` with the messages where Xero refuses it, and `Changed`
        where it is there otherwise than it was sent.
        """
        return self._item(
            resource,
            self._send(method, f"/{resource}{path}", {resource: [document]}, key),
        )

    def delete_payment(self, number: str) -> None:
        """Delete a payment; one that is deleted already stays so."""
        answer = self._send("POST", f"/Payments/{number}", {"Status": "DELETED"}, None)
        self._item("Payments", answer)

    def _send(self, method: str, path: str, body: Record, key: str | None) -> Any:
        idempotency = {"Idempotency-Key": key} if key is not None else {}
        return self.call(
            method,
            path,
            params={"summarizeErrors": "false"},
            content=orjson.dumps(body),
            headers={"Content-Type": "application/json", **idempotency},
        )

    @staticmethod
    def _item(resource: str, answer: Any) -> Record:
        noun = _NOUNS[resource]
        try:
            (item,) = answer[resource]
        except (KeyError, TypeError, ValueError) as error:
            raise Transient(f"{TITLE} answers a {noun} with something else: try again") from error
        errors, warnings = (item.get(name) or () for name in ("ValidationErrors", "Warnings"))
        if errors or item.get("StatusAttributeString") == "ERROR":
            raise _refusal(noun, errors or warnings)
        # A warning may mean that a line was changed: the document is then not what was sent.
        if warnings:
            raise Changed(noun, item, _messages(warnings))
        written: Record = item
        return written


class Changed(Permanent):
    """Xero took a document, and changed it: an account was dropped from a line."""

    def __init__(self, noun: str, document: Record, warnings: str) -> None:
        """Hold the document as it stands there."""
        super().__init__(f"{TITLE} refuses the {noun}: {warnings}")
        self.document = document


class _NoDocument(Permanent):
    """Xero holds nothing of an id."""


def _error(response: httpx2.Response) -> Exception | None:
    if response.status_code == httpx2.codes.NOT_FOUND:
        return _NoDocument(f"{TITLE} holds nothing at {response.request.url.path}")
    if response.status_code != httpx2.codes.BAD_REQUEST:
        return None
    try:
        elements = orjson.loads(response.content)["Elements"]
        problems = [each for item in elements for each in item.get("ValidationErrors") or ()]
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return _refusal("document", problems) if problems else None


def _refusal(noun: str, problems: Sequence[Record]) -> Exception:
    messages = _messages(problems)
    if any(words in messages for words in _LOCKED):
        return PeriodClosed(f"{TITLE}: {messages}")
    return Permanent(f"{TITLE} refuses the {noun}: {messages or 'it does not say why'}")


def _messages(problems: Iterable[Record]) -> str:
    return "; ".join(str(problem.get("Message")) for problem in problems)
