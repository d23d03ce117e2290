"""Calls to one company of QuickBooks Online, and the faults it answers.

Facts: the XSD of minor version 75 and Intuit's pages on errors. Books that are closed answer 6200
or 6210. What becomes of a repeated `requestid` is contradictory, so the company is asked first
whatever it does.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx2
import orjson

from connectors.accounting.quickbooks import taxes
from connectors.accounting.quickbooks.authorisation import MINOR_VERSION, TITLE, refusal
from connectors.accounting.target import PeriodClosed
from connectors.accounts.platform import Access
from connectors.errors import Permanent, Transient
from connectors.http import Limit, RateLimiter, Remote, TokenAuth

CLOSED: Final = frozenset({"6200", "6210"})
MISSING: Final = frozenset({"610"})
REPEATED: Final = frozenset({"600"})
# Matched with a bank line, which is to be undone there first.
MATCHED: Final = frozenset({"6480", "6540"})
# What the company holds of an id has changed since it was read.
STALE: Final = frozenset({"5010"})
# A name that another one has already.
TAKEN: Final = frozenset({"6240"})
LONGEST_REQUEST: Final = 50
_PAGE: Final = 1000
CALLS: Final = "calls"
# 10 a second for a company and an application, 500 a minute. Less than that: the owner's other
# programs may call by the same application.
LIMITS: Final = {CALLS: Limit(per_second=8.0, burst=2)}
Record = Mapping[str, Any]


class QuickBooksFault(Permanent):
    """A fault that QuickBooks states, with its codes."""

    def __init__(self, message: str, codes: Sequence[str]) -> None:
        """Keep the codes beside the words."""
        super().__init__(message)
        self.codes = frozenset(codes)


class QuickBooksClient:
    """One company; its preferences and codes are asked for as they are needed."""

    def __init__(self, access: Access, limiter: RateLimiter) -> None:
        """Call nothing yet."""
        self._access, self._limiter = access, limiter
        self._rates: list[taxes.CodeRates] | None = None

    def preferences(self) -> Record:
        """Return the company's preferences."""
        preferences: Record = self.call("GET", "/preferences")["Preferences"]
        return preferences

    def tax_rates(self) -> list[taxes.CodeRates]:
        """Return the company's tax codes with their rates."""
        # Asked once: they hardly change, and reads are metered.
        if self._rates is None:
            self._rates = taxes.code_rates(self.all("TaxCode"), self.all("TaxRate"))
        return self._rates

    def all(self, entity: str, where: str = "") -> list[Record]:
        """Return every entity of a kind under a condition, page by page."""
        entities: list[Record] = []
        while True:
            start = len(entities) + 1
            question = f"select * from {entity}{where} startposition {start} maxresults {_PAGE}"
            listed = self.query(entity, question)
            entities += listed
            if len(listed) < _PAGE:
                return entities

    def query(self, entity: str, question: str) -> list[Record]:
        """Return the entities of one answer to a query."""
        answer = self.call("GET", "/query", params={"query": question})
        listed: list[Record] = answer.get("QueryResponse", {}).get(entity, [])
        return listed

    def one(self, entity: str, number: str) -> Record | None:
        """Return an entity by its id; None where it is gone."""
        try:
            answer = self.call("GET", f"/{entity.lower()}/{number}")
        except QuickBooksFault as error:
            if error.codes & MISSING:
                return None
            raise
        held: Record = answer[entity]
        return held

    def write(self, entity: str, document: Record, request: str) -> Record:
        """Create an entity, or update the one whose id and token the document has; return it.

        `Transient` where it is for a look to say what became of it.
        """
        params = {"requestid": request[:LONGEST_REQUEST]}
        try:
            answer = self.call("POST", f"/{entity.lower()}", params=params, content=document)
        except QuickBooksFault as error:
            if error.codes & REPEATED:
                # It was taken before: what became of it is for a look to say.
                raise Transient(f"{TITLE} had this request before: try again") from error
            if error.codes & STALE:
                raise Transient(f"{TITLE}: the entry was changed meanwhile: try again") from error
            if taxes.wants_code(str(error)):
                raise Permanent(f"{error}: {taxes.EVERY_LINE}") from error
            raise
        written: Record = answer[entity]
        return written

    def delete(self, entity: str, held: Record) -> None:
        """Delete an entity as it was read."""
        named = {"Id": held["Id"], "SyncToken": held["SyncToken"]}
        self.call("POST", f"/{entity.lower()}", params={"operation": "delete"}, content=named)

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        content: Record | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> Any:
        """Return the answer to a call; raises `PeriodClosed` and `QuickBooksFault` of faults."""
        realm = self._access.fields["realm_id"]
        url = self._access.url("api", f"/v3/company/{realm}{path}")
        options: dict[str, Any] = {"params": {"minorversion": MINOR_VERSION, **(params or {})}}
        if content is not None:
            options["content"] = orjson.dumps(content)
            options["headers"] = {"Content-Type": "application/json"}
        if files is not None:
            options["files"] = files
        auth = TokenAuth(self._access.token)
        with Remote(TITLE, auth, error_for=_error, limiter=self._limiter, exact=True) as quickbooks:
            return quickbooks.call(method, url, operation=CALLS, **options)


def _error(response: httpx2.Response) -> Exception | None:
    """Return a fault as an error, whatever status it comes with."""
    if (refused := refusal(response)) is not None and not isinstance(refused, Permanent):
        return refused
    try:
        errors = (response.json().get("Fault") or {}).get("Error", [])
    except (ValueError, AttributeError):
        return None
    if not errors:
        return None
    codes = [str(error.get("code")) for error in errors]
    messages = "; ".join(f"{error.get('Message')} ({error.get('code')})" for error in errors)
    # The words as well: Intuit's pages do not agree on the codes.
    if CLOSED & set(codes) or "account period closed" in messages.lower():
        return PeriodClosed(f"{TITLE}: {messages}")
    return QuickBooksFault(f"{TITLE} refuses the entry: {messages}", codes)
