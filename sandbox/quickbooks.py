"""QuickBooks Online: OAuth, companies and their preferences, as Intuit's v3 schema names them.

Lifetimes and error bodies: Intuit's documents on OAuth 2.0 and on errors. A refresh
token changes when it is more than a day old, and the one before is dead at once.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Faulty
from sandbox.limits import Limited, Limits
from sandbox.oauth import (
    Granting,
    GrantRefusal,
    Issued,
    OAuth,
    back_to,
    basic,
    bearer,
    consent_page,
)
from sandbox.quickbooks_books import (
    JOURNAL,
    CompanyBooks,
    add,
    changes,
    one,
    query,
    upload,
    write,
)
from sandbox.quickbooks_documents import KINDS as DOCUMENTS
from sandbox.refusals import QUICKBOOKS

HOUR, DAY = 3600.0, 86_400.0
# What is left of the five years of a consent that was given some time ago.
HARD_END = 1500 * DAY
# Kinds of entries by their place in the API.
ENTRIES = {kind.lower(): kind for kind in (JOURNAL, *DOCUMENTS)}
# What entries name, and a program may make.
LISTED = ("account", "class", "customer", "department", "item")
SCOPE = "com.intuit.quickbooks.accounting"


@dataclass
class Company:
    """One company; `zone` is what CompanyInfo says, if anything."""

    realm: str
    name: str
    country: str
    currency: str
    zone: str | None


class QuickBooks(Granting):
    """The platform with two companies of two owners; `fault` is what calls answer instead."""

    def __init__(self) -> None:
        harbour = Company(
            "9341450000000001", "Harbour Gifts Inc", "US", "USD", "America/Los_Angeles"
        )
        foundry = Company("9341450000000002", "Foundry Books Ltd", "GB", "GBP", None)
        self.companies = {company.realm: company for company in (harbour, foundry)}
        self.first, self.second = self.companies
        self.books = {
            realm: CompanyBooks(country=company.country)
            for realm, company in self.companies.items()
        }
        self.fault: tuple[int, str] | None = None
        # Development keys, which alone are sent back to http addresses.
        self.environment = "sandbox"
        self.oauth = OAuth(access_seconds=HOUR, refresh_seconds=100 * DAY)
        self.limits = Limits(QUICKBOOKS)
        application = Starlette(
            routes=[
                Route("/connect/oauth2", self._page, methods=["GET"]),
                Route("/connect/oauth2", self._decide, methods=["POST"]),
                Route("/oauth2/v1/tokens/bearer", self._token, methods=["POST"]),
                Route("/v2/oauth2/tokens/revoke", self._revoke, methods=["POST"]),
                Route("/v3/company/{realm}/companyinfo/{id}", self._company),
                Route("/v3/company/{realm}/preferences", self._preferences),
                *(
                    Route(f"/v3/company/{{realm}}/{kind}", self._entry, methods=["POST"])
                    for kind in ENTRIES
                ),
                *(Route(f"/v3/company/{{realm}}/{kind}/{{id}}", self._entry) for kind in ENTRIES),
                *(
                    Route(f"/v3/company/{{realm}}/{kind}", self._add, methods=["POST"])
                    for kind in LISTED
                ),
                Route("/v3/company/{realm}/upload", self._upload, methods=["POST"]),
                Route("/v3/company/{realm}/query", self._query),
                Route("/v3/company/{realm}/cdc", self._changes),
            ]
        )
        self.faults = Faulty(Limited(application, self.limits, self.caller))

    def endpoints(self, url: str) -> dict[str, str]:
        """Return what `DAYBOOK_ENDPOINTS` says of a server at `url`."""
        return dict.fromkeys(("authorise", "identity", "revoke", "api"), url)

    def fields(self) -> dict[str, str]:
        """Return the application, registered, and which of its two pairs of keys this is."""
        return super().fields() | {"environment": self.environment}

    def keys(self, account: str) -> dict[str, str]:
        """Return what the OAuth 2.0 Playground shows at its end."""
        return {"realm_id": account, "refresh_token": self.oauth.granted(account)}

    async def _page(self, request: Request) -> Response:
        query = request.query_params
        if (
            query.get("client_id") != self.oauth.client_id
            or query.get("response_type") != "code"
            or SCOPE not in query.get("scope", "").split(" ")
            or not query.get("redirect_uri")
            or not query.get("state")
            or (self.environment != "sandbox" and not query["redirect_uri"].startswith("https://"))
        ):
            return Response("Sorry, but QuickBooks didn't connect", 400)
        names = {company.realm: company.name for company in self.companies.values()}
        return consent_page("QuickBooks", request, names)

    async def _decide(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if form["decision"] == "deny":
            denied = {"error": "access_denied", "state": form["state"]}
            return back_to(form["redirect_uri"], denied)
        code = self.oauth.code([form["account"]], form["redirect_uri"])
        answer = {"code": code, "state": form["state"], "realmId": form["account"]}
        return back_to(form["redirect_uri"], answer)

    async def _token(self, request: Request) -> Response:
        if not self._is_client(request):
            return JSONResponse({"error": "invalid_client"}, 401)
        form = dict(parse_qsl((await request.body()).decode()))
        try:
            match form.get("grant_type"):
                case "authorization_code":
                    issued = self.oauth.redeem(form["code"], form.get("redirect_uri", ""))
                case "refresh_token":
                    issued = self._refreshed(form["refresh_token"])
                case _:
                    return JSONResponse({"error": "unsupported_grant_type"}, 400)
        except GrantRefusal:
            return JSONResponse({"error": "invalid_grant"}, 400)
        # Only who sends the header is told (Intuit's refresh token policy of November 2025).
        asks_hard_end = request.headers.get("x-include-refresh-token-hard-expires-in") == "true"
        hard = {"x_refresh_token_hard_expires_in": int(HARD_END)} if asks_hard_end else {}
        return JSONResponse(
            {
                **hard,
                "token_type": "bearer",
                "access_token": issued.access_token,
                "expires_in": int(self.oauth.access_seconds),
                "refresh_token": issued.refresh_token,
                "x_refresh_token_expires_in": int(100 * DAY),
            }
        )

    def _refreshed(self, refresh_token: str) -> Issued:
        held = [g for g in self.oauth.grants if g.refresh_token == refresh_token]
        # Intuit's value changes about once a day: most refreshes give back the one that is known.
        self.oauth.rotates = bool(held) and self.oauth.now() - held[0].rotated_at >= DAY
        issued = self.oauth.refresh(refresh_token)
        issued.grant.refresh_ends = self.oauth.now() + 100 * DAY
        return issued

    async def _revoke(self, request: Request) -> Response:
        if not self._is_client(request):
            return Response(status_code=401)
        body = await request.json()
        return Response(status_code=200 if self.oauth.revoke_token(body["token"]) else 400)

    def _is_client(self, request: Request) -> bool:
        expected = basic(self.oauth.client_id, self.oauth.client_secret)
        return request.headers.get("authorization") == expected

    async def _company(self, request: Request) -> Response:
        wrong = self._refusal(request)
        if wrong is not None:
            return wrong
        company = self.companies[request.path_params["realm"]]
        info = {
            **_entity("1"),
            "CompanyName": company.name,
            "LegalName": company.name,
            "CompanyAddr": {"Id": "1", "City": "Harbour", "Country": company.country},
            "Country": company.country,
            "FiscalYearStartMonth": "January",
            "SupportedLanguages": "en",
            "NameValue": [{"Name": "OfferingSku", "Value": "QuickBooks Online Plus"}],
        }
        if company.zone:
            info["DefaultTimeZone"] = company.zone
        return _answer("CompanyInfo", info)

    async def _preferences(self, request: Request) -> Response:
        wrong = self._refusal(request)
        if wrong is not None:
            return wrong
        company = self.companies[request.path_params["realm"]]
        closed = self.books[company.realm].close_date
        information = {
            "UseAccountNumbers": True,
            **self.books[company.realm].tracking.preferences(),
            **({"BookCloseDate": str(closed)} if closed else {}),
        }
        money = {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": company.currency}}
        preferences = {
            **_entity("1"),
            "AccountingInfoPrefs": information,
            "CurrencyPrefs": money,
            "TaxPrefs": {"UsingSalesTax": True, "PartnerTaxEnabled": True},
        }
        return _answer("Preferences", preferences)

    async def _entry(self, request: Request) -> Response:
        if (wrong := self._refusal(request)) is not None:
            return wrong
        books = self.books[request.path_params["realm"]]
        kind = ENTRIES[request.url.path.split("/")[4]]
        if request.method == "GET":
            return one(books, kind, request.path_params["id"])
        return await write(books, kind, request)

    async def _add(self, request: Request) -> Response:
        if (wrong := self._refusal(request)) is not None:
            return wrong
        kind = request.url.path.rpartition("/")[2].title()
        return add(self.books[request.path_params["realm"]], kind, await request.json())

    async def _upload(self, request: Request) -> Response:
        if (wrong := self._refusal(request)) is not None:
            return wrong
        return await upload(self.books[request.path_params["realm"]], request)

    async def _query(self, request: Request) -> Response:
        if (wrong := self._refusal(request)) is not None:
            return wrong
        return query(self.books[request.path_params["realm"]], request.query_params["query"])

    async def _changes(self, request: Request) -> Response:
        if (wrong := self._refusal(request)) is not None:
            return wrong
        asking = request.query_params
        books = self.books[request.path_params["realm"]]
        return changes(books, asking["entities"], asking["changedSince"])

    def _refusal(self, request: Request) -> Response | None:
        grant = self.oauth.holder(bearer(request))
        if grant is None:
            return _gateway(401, "AuthenticationFailed", "3200", "AUTHENTICATION")
        if request.path_params["realm"] not in grant.accounts:
            return _gateway(403, "AuthorizationFailed", "3100", "SERVICE")
        if self.fault is not None:
            status, code = self.fault
            errors = [{"Message": "Refused", "Detail": "Refused", "code": code, "element": ""}]
            fault = {"Error": errors, "type": "ValidationFault"}
            return JSONResponse({"Fault": fault, "time": _now()}, status)
        return None


def _entity(number: str) -> dict[str, Any]:
    times = {"CreateTime": "2025-01-01T00:00:00Z", "LastUpdatedTime": "2026-01-01T00:00:00Z"}
    return {"domain": "QBO", "sparse": False, "Id": number, "SyncToken": "4", "MetaData": times}


def _answer(name: str, entity: dict[str, Any]) -> Response:
    return JSONResponse({name: entity, "time": _now()})


def _gateway(status: int, what: str, code: str, kind: str) -> Response:
    """Return what Intuit's gateway says, in lower case, before QuickBooks is asked."""
    # Another shape than QuickBooks's own faults: both have to be understood.
    message = f"message={what}; errorCode=00{code}; statusCode={status}"
    error = {"message": message, "detail": None, "code": code, "element": None}
    return JSONResponse({"fault": {"error": [error], "type": kind}, "time": 1633520295688}, status)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
