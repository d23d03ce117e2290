"""Authorisation of a Tryton server: its address, a database of it, and a user with a password.

Facts: trytond 8.2 (protocols, security). A login answers a session, which is sent along as
`Authorization: Session` and lasts thirty days, and five minutes without a call where something is
posted; a session that ended is a 401. A user may work for several companies of a database. Nothing
ends a password but its owner.
"""

import re
from base64 import b64encode
from dataclasses import dataclass

import httpx2

from connectors.accounting.tryton.rpc import TITLE, TrytonServer, error_for
from connectors.accounts.broker import GrantRefused
from connectors.accounts.platform import Access, Account, Field, Platform
from connectors.accounts.tokens import Token
from connectors.errors import BadInput
from connectors.http import AccessRefused, Remote, TokenAuth
from connectors.http.guard import Guard

SERVER, DATABASE, USER, PASSWORD, JOURNAL = "server_url", "database", "user", "password", "journal"
COMPANY = "company"
_FORM = "Session {}"
_DATABASE = re.compile(r"[A-Za-z0-9_.-]+")


def _read_server(text: str) -> str:
    """Return `https://host[:port][/path]` of what was typed; http is left for the guard."""
    typed = text.strip()
    try:
        url = httpx2.URL(typed if "://" in typed else f"https://{typed}")
    except httpx2.InvalidURL as error:
        raise _unreadable() from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise _unreadable()
    if url.userinfo or url.query or url.fragment:
        raise _unreadable()
    return str(url).rstrip("/")


def _unreadable() -> BadInput:
    return BadInput(
        f"{SERVER} cannot be read: give the server's address, such as https://tryton.example, "
        "without a question mark, user or password in it"
    )


def _read_database(text: str) -> str:
    typed = text.strip()
    if typed and not _DATABASE.fullmatch(typed):
        raise BadInput(f"{DATABASE} has letters, digits, dots, hyphens and underscores only")
    return typed


@dataclass(frozen=True, slots=True)
class _Sessions:
    """The sessions of one user: each login answers another one."""

    access: Access

    def redeem(self, code: str, redirect_uri: str, verifier: str) -> Token:
        """Raise `BadInput`: Tryton has no consent."""
        raise BadInput(f"{TITLE} is connected by a user and a password")

    def refresh(self, refresh_token: str | None) -> Token:
        """Return a session of the user; `GrantRefused` where the password is refused."""
        user = self.access.fields[USER]
        # Without a device's cookie: it would let this computer in without asking again.
        parameters = [user, {"password": self.access.fields[PASSWORD]}, "en"]
        body = {"id": 0, "method": "common.db.login", "params": parameters}
        guard = Guard(self.access.private_hosts)
        with Remote(TITLE, error_for=error_for, transport=guard) as server:
            try:
                answer = server.post(self.access.url("server", "/rpc/"), json=body)
            except AccessRefused as error:
                raise GrantRefused(TITLE) from error
        number, session = answer["result"][:2]
        text = b64encode(f"{user}:{number}:{session}".encode()).decode()
        # It ends when it is not used, and says so with a 401: the next one is bought then.
        return Token(access_token=text, expires_at=None, refresh_token=None)


def _sign(access: Access) -> httpx2.Auth:
    return TokenAuth(access.token, form=_FORM)


def _accounts(access: Access) -> list[Account]:
    """Return the companies that the user works for."""
    server = TrytonServer(access, _sign(access))
    preferences = server.call("model.res.user.get_preferences", True)
    numbers = [preferences.get("company")]
    # A user who looks at one company sees no record of the others.
    if preferences.get("company_filter") == "all":
        numbers = preferences.get("companies") or []
    companies = server.search(
        "company.company",
        [["id", "in", numbers]],
        ["party.rec_name", "currency.code", "timezone"],
    )
    if not companies:
        raise BadInput(
            f"{access.fields[USER]} works for no company of {access.fields[DATABASE]}: name one "
            "under Administration, Users, in Tryton"
        )
    place = access.url("server").partition("://")[2]
    return [
        Account(
            # Numbers of companies begin anew in each database.
            id=f"{place}#{company['id']}",
            name=str(company["party."]["rec_name"]),
            currency=str(company["currency."]["code"]),
            # Entries bring their own business days, so no day is computed here.
            timezone=company["timezone"] or "UTC",
            fields={COMPANY: str(company["id"])},
        )
        for company in companies
    ]


TRYTON = Platform(
    name="tryton",
    title=TITLE,
    kind="accounting",
    endpoints={"server": "{server_url}/{database}"},
    account=(
        Field(SERVER, "Server", "such as https://tryton.example", read=_read_server),
        Field(DATABASE, "Database", "as Tryton's login calls it", read=_read_database),
    ),
    keys=(
        Field(USER, "User", "the login of a user of Daybook's own, in the group Accounting"),
        Field(PASSWORD, "Password", "of that user", secret=True, read=lambda text: text),
        Field(
            JOURNAL,
            "Journal",
            "the code of the journal to post in; the first general one if empty",
            required=False,
        ),
    ),
    tokens=_Sessions,
    own_grant=True,
    sign=_sign,
    accounts=_accounts,
    revocation="Administration, Users, in Tryton",
)
