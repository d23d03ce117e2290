"""Xero: a consent over several organisations, rotating tokens, connections, organisations.

Lifetimes and error bodies: Xero's documents on OAuth 2.0, custom connections and responses.
"""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qs, parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Faulty
from sandbox.limits import Limited, Limits
from sandbox.oauth import (
    Grant,
    Granting,
    GrantRefusal,
    Issued,
    OAuth,
    back_to,
    basic,
    bearer,
    consent_page,
)
from sandbox.refusals import XERO
from sandbox.xero_books import (
    JournalBook,
    add_option,
    answer,
    attachments,
    bank_transactions,
    tax_rates,
    tracking,
)
from sandbox.xero_chart import accounts, add_account
from sandbox.xero_forms import CREDIT_NOTES, INVOICES
from sandbox.xero_invoices import documents
from sandbox.xero_payments import contacts, payments
from sandbox.xero_replies import ok, refused

MINUTE, DAY = 60.0, 86_400.0
SETTINGS = {"accounting.settings", "accounting.settings.read"}
# What an app made since March 2026 may ask for; `accounting.transactions` is not among it.
KNOWN = SETTINGS | {
    "offline_access",
    "accounting.manualjournals",
    "accounting.invoices",
    "accounting.banktransactions",
    "accounting.payments",
    "accounting.contacts",
    "accounting.attachments",
}

Answer = Callable[[JournalBook, Request], Awaitable[Response]]


def _uuid() -> str:
    return str(uuid.uuid4())


@dataclass
class Organisation:
    """One tenant; `user` is the person who may connect it."""

    name: str
    country: str
    currency: str
    zone: str
    user: str
    tenant: str = field(default_factory=_uuid)


class Xero(Granting):
    """The platform; `kind` is what the registered app is: web, pkce or custom."""

    def __init__(self) -> None:
        ours = (
            Organisation("Harbour Gifts Ltd", "GB", "GBP", "GMTSTANDARDTIME", "ann"),
            Organisation("Kiwi Wares", "NZ", "NZD", "NEWZEALANDSTANDARDTIME", "bob"),
            Organisation("Harbour Gifts Pty", "AU", "AUD", "AUSEASTERNSTANDARDTIME", "ann"),
        )
        self.organisations = {each.tenant: each for each in ours}
        self.first, self.second, self.third = self.organisations
        self.kind = "web"
        self.ledgers = {tenant: JournalBook() for tenant in self.organisations}
        self.connections: dict[str, dict[str, str]] = {}
        self.oauth = OAuth(
            access_seconds=30 * MINUTE,
            refresh_seconds=60 * DAY,
            rotates=True,
            grace_seconds=30 * MINUTE,
        )
        self.limits = Limits(XERO)
        application = Starlette(
            routes=[
                Route("/identity/connect/authorize", self._page, methods=["GET"]),
                Route("/identity/connect/authorize", self._decide, methods=["POST"]),
                Route("/connect/token", self._token, methods=["POST"]),
                Route("/connections", self._connections),
                Route("/connections/{id}", self._disconnect, methods=["DELETE"]),
                Route("/api.xro/2.0/Organisation", self._organisation),
                Route("/api.xro/2.0/Accounts", self._accounts, methods=["GET", "PUT"]),
                *self._document_routes(),
                Route("/api.xro/2.0/BankTransactions", self._bank_transactions),
                Route("/api.xro/2.0/TaxRates", self._tax_rates),
                Route("/api.xro/2.0/Currencies", self._currencies),
                Route("/api.xro/2.0/TrackingCategories", self._tracking),
                Route(
                    "/api.xro/2.0/TrackingCategories/{id}/Options", self._tracking, methods=["PUT"]
                ),
                Route(
                    "/api.xro/2.0/ManualJournals", self._journals, methods=["GET", "PUT", "POST"]
                ),
                Route("/api.xro/2.0/ManualJournals/{id}", self._journals, methods=["GET", "POST"]),
                Route("/api.xro/2.0/{resource}/{id}/Attachments", self._attachments),
                Route(
                    "/api.xro/2.0/{resource}/{id}/Attachments/{name}",
                    self._attachments,
                    methods=["PUT"],
                ),
            ]
        )
        self.faults = Faulty(Limited(application, self.limits, self.caller))

    def endpoints(self, url: str) -> dict[str, str]:
        """Return what `DAYBOOK_ENDPOINTS` says of a server at `url`."""
        return dict.fromkeys(("login", "identity", "api"), url)

    def fields(self) -> dict[str, str]:
        """Return the application, registered."""
        registered = {"client_id": self.oauth.client_id}
        if self.kind != "pkce":
            registered["client_secret"] = self.oauth.client_secret
        if self.kind == "custom":
            registered["app_type"] = "custom"
        return registered

    def keys(self, account: str) -> dict[str, str]:
        """Return a refresh token of a consent to one organisation; none for a custom connection."""
        self._connect(account, _uuid())
        if self.kind == "custom":
            return {}
        token = self.oauth.granted(account)
        self.oauth.grants[-1].scopes = " ".join(KNOWN)
        return {"refresh_token": token}

    def revoke(self, account: str) -> None:
        """Disconnect the app in the organisation's settings; tokens stay good."""
        self.connections.pop(account, None)

    def alive(self, account: str) -> bool:
        """Return whether the organisation is connected."""
        return account in self.connections

    def caller(self, request: Request) -> str | None:
        """Return the organisation that a call names."""
        holder = super().caller(request)
        return holder and request.headers.get("xero-tenant-id", holder)

    def _connect(self, tenant: str, event: str) -> None:
        made = "2026-11-22T09:00:00.0000000"
        record = self.connections.setdefault(tenant, {"id": _uuid(), "createdDateUtc": made})
        record |= {
            "authEventId": event,
            "tenantId": tenant,
            "tenantType": "ORGANISATION",
            "tenantName": self.organisations[tenant].name,
            "updatedDateUtc": made,
        }

    async def _page(self, request: Request) -> Response:
        query = request.query_params
        scopes = set(query.get("scope", "").split())
        proven = query.get("code_challenge_method") == "S256" and query.get("code_challenge")
        if query.get("client_id") != self.oauth.client_id or self.kind == "custom":
            return Response("error: unauthorized_client", 400)
        # Xero takes this machine by the name localhost alone, as integrations found.
        if not query.get("redirect_uri") or query["redirect_uri"].startswith("http://127.0.0.1"):
            return Response("error: Invalid redirect_uri", 400)
        if query.get("response_type") != "code" or (self.kind == "pkce" and not proven):
            return Response("error: invalid_request", 400)
        if not scopes or scopes - KNOWN:
            return Response("error: invalid_scope", 400)
        names = {each.tenant: each.name for each in self.organisations.values()}
        return consent_page("Xero", request, names, several=True)

    async def _decide(self, request: Request) -> Response:
        supplied = parse_qs((await request.body()).decode())
        form = {name: values[0] for name, values in supplied.items()}
        if form["decision"] == "deny":
            denied = {"error": "access_denied", "state": form["state"]}
            return back_to(form["redirect_uri"], denied)
        ticked = supplied.get("account", [])
        if len({self.organisations[tenant].user for tenant in ticked}) != 1:
            return Response("nobody is signed in who owns these", 400)
        event = _uuid()
        for tenant in ticked:
            self._connect(tenant, event)
        code = self.oauth.code(ticked, form["redirect_uri"], form.get("code_challenge"))
        self.oauth.codes[code].grant.scopes = form["scope"]
        answer = {"code": code, "scope": form["scope"], "state": form["state"]}
        return back_to(form["redirect_uri"], {**answer, "session_state": _uuid()})

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if not self._is_client(request, form):
            return JSONResponse({"error": "invalid_client"}, 400)
        try:
            match form.get("grant_type"), self.kind == "custom":
                case "authorization_code", False:
                    issued = self.oauth.redeem(
                        form["code"], form.get("redirect_uri", ""), form.get("code_verifier")
                    )
                case "refresh_token", False:
                    issued = self.oauth.refresh(form["refresh_token"])
                case "client_credentials", True:
                    issued = self.oauth.own(self.first)
                    issued.grant.scopes = form.get("scope", " ".join(KNOWN))
                case _:
                    return JSONResponse({"error": "unauthorized_client"}, 400)
        except GrantRefusal:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse(self._pair(issued))

    def _is_client(self, request: Request, form: dict[str, str]) -> bool:
        problem = request.headers.get("authorization")
        if self.kind == "pkce":
            return problem is None and form.get("client_id") == self.oauth.client_id
        return problem == basic(self.oauth.client_id, self.oauth.client_secret)

    def _pair(self, issued: Issued) -> dict[str, Any]:
        pair = {
            "access_token": issued.access_token,
            "expires_in": int(self.oauth.access_seconds),
            "token_type": "Bearer",
            "scope": issued.grant.scopes,
        }
        if "offline_access" in issued.grant.scopes.split():
            pair["refresh_token"] = issued.refresh_token
        return pair

    def _reached(self, grant: Grant) -> dict[str, dict[str, str]]:
        """Return all that the token's user ever connected, by whatever consent."""
        user = self.organisations[grant.accounts[0]].user
        return {
            tenant: connection
            for tenant, connection in self.connections.items()
            if self.organisations[tenant].user == user
        }

    async def _connections(self, request: Request) -> Response:
        grant = self.oauth.holder(bearer(request))
        if grant is None:
            return refused(401, "Unauthorized")
        if self.kind == "custom":
            return refused(403, "Forbidden")
        return JSONResponse(list(self._reached(grant).values()))

    async def _disconnect(self, request: Request) -> Response:
        grant = self.oauth.holder(bearer(request))
        if grant is None:
            return refused(401, "Unauthorized")
        for tenant, connection in self._reached(grant).items():
            if connection["id"] == request.path_params["id"]:
                del self.connections[tenant]
                return Response(status_code=204)
        return Response(status_code=404)

    async def _organisation(self, request: Request) -> Response:
        tenant = self._tenant(request, SETTINGS)
        if isinstance(tenant, Response):
            return tenant
        described = _described(self.organisations[tenant])
        if (lock := self.ledgers[tenant].period_lock) is not None:
            midnight = datetime(lock.year, lock.month, lock.day, tzinfo=UTC)
            described["PeriodLockDate"] = f"/Date({int(midnight.timestamp() * 1000)}+0000)/"
        return JSONResponse(
            {
                "Id": _uuid(),
                "Status": "OK",
                "ProviderName": "Daybook",
                "DateTimeUTC": "/Date(1795338000000)/",
                "Organisations": [described],
            }
        )

    async def _accounts(self, request: Request) -> Response:
        scopes = SETTINGS if request.method == "GET" else {"accounting.settings"}
        tenant = self._tenant(request, scopes)
        if isinstance(tenant, Response):
            return tenant
        if request.method == "GET":
            return accounts(self.ledgers[tenant].accounts)
        return add_account(self.ledgers[tenant].accounts, await request.json())

    async def _tax_rates(self, request: Request) -> Response:
        tenant = self._tenant(request, SETTINGS)
        return tenant if isinstance(tenant, Response) else tax_rates()

    async def _currencies(self, request: Request) -> Response:
        tenant = self._tenant(request, SETTINGS)
        if isinstance(tenant, Response):
            return tenant
        codes = sorted(self.ledgers[tenant].currencies)
        return ok("Currencies", [{"Code": code, "Description": code} for code in codes])

    async def _tracking(self, request: Request) -> Response:
        scopes = SETTINGS if request.method == "GET" else {"accounting.settings"}
        tenant = self._tenant(request, scopes)
        if isinstance(tenant, Response):
            return tenant
        if request.method == "GET":
            return tracking(self.ledgers[tenant], request)
        return add_option(self.ledgers[tenant], request.path_params["id"], await request.json())

    async def _journals(self, request: Request) -> Response:
        tenant = self._tenant(request, {"accounting.manualjournals"})
        if isinstance(tenant, Response):
            return tenant
        return await answer(self.ledgers[tenant], request)

    async def _attachments(self, request: Request) -> Response:
        tenant = self._tenant(request, {"accounting.attachments"})
        if isinstance(tenant, Response):
            return tenant
        return await attachments(self.ledgers[tenant], request)

    def _document_routes(self) -> list[Route]:
        """Return the routes of invoices, and of what belongs to them."""
        routes = []
        for form in (INVOICES, CREDIT_NOTES):
            scoped = self._scoped("accounting.invoices", partial(documents, form=form))
            path = f"/api.xro/2.0/{form.resource}"
            routes.append(Route(path, scoped, methods=["GET", "PUT"]))
            routes.append(Route(f"{path}/{{id}}", scoped, methods=["GET", "POST"]))
        pay = self._scoped("accounting.payments", payments)
        contact = self._scoped("accounting.contacts", contacts)
        return [
            *routes,
            Route("/api.xro/2.0/Payments", pay, methods=["PUT"]),
            Route("/api.xro/2.0/Payments/{id}", pay, methods=["POST"]),
            Route("/api.xro/2.0/Contacts", contact, methods=["GET", "PUT"]),
        ]

    def _scoped(self, scope: str, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def answered(request: Request) -> Response:
            tenant = self._tenant(request, {scope})
            if isinstance(tenant, Response):
                return tenant
            return await answer(self.ledgers[tenant], request)

        return answered

    async def _bank_transactions(self, request: Request) -> Response:
        tenant = self._tenant(request, {"accounting.banktransactions"})
        if isinstance(tenant, Response):
            return tenant
        return bank_transactions(self.ledgers[tenant], request)

    def _tenant(self, request: Request, scopes: set[str]) -> str | Response:
        """Return the organisation that a call is about, or the refusal of the call."""
        grant = self.oauth.holder(bearer(request))
        if grant is None:
            return refused(401, "Unauthorized")
        if not scopes & set(grant.scopes.split()):
            # As Xero spells it.
            missing = {"WWW-Authenticate": "insufficent_scope"}
            return refused(401, "Unauthorized", "AuthorizationUnsuccessful", missing)
        own = grant.accounts[0] if self.kind == "custom" else ""
        tenant = request.headers.get("xero-tenant-id", own)
        return tenant if tenant in self._reached(grant) else refused(403, "Forbidden")


def _described(organisation: Organisation) -> dict[str, Any]:
    return {
        "OrganisationID": organisation.tenant,
        "Name": organisation.name,
        "LegalName": organisation.name,
        "PaysTax": True,
        "OrganisationType": "COMPANY",
        "BaseCurrency": organisation.currency,
        "CountryCode": organisation.country,
        "IsDemoCompany": False,
        "OrganisationStatus": "ACTIVE",
        "Timezone": organisation.zone,
        "PeriodLockDate": "/Date(1767139200000+0000)/",
        "CreatedDateUTC": "/Date(1455827393000)/",
        "ShortCode": "!mBdtL",
        "Edition": "BUSINESS",
        "Class": "PREMIUM",
    }
