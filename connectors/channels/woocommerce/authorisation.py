"""Authorisation of a WooCommerce store: keys that the store hands over, or that are typed.

Facts: WooCommerce 9.9.5 (class-wc-auth.php, class-wc-rest-authentication.php) and the documents of
its REST API. Keys do not end, and no call gives them back. The store posts them to us when its
owner allows, over https alone, and sends the browser back after that; nothing signs the post but
the question that it names. A revoked key and a lacking permission are both a 401.
"""

import html
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import httpx2

from connectors.accounts.consent import Question
from connectors.accounts.platform import Access, Account, Code, Consent, Denied, Field, Platform
from connectors.channels.woocommerce.addresses import (
    PERMALINKS,
    PLAIN,
    account_id,
    endpoint,
    read_store_url,
)
from connectors.channels.woocommerce.deliveries import DELIVERIES
from connectors.channels.woocommerce.signature import InQuery, OneLegged
from connectors.errors import BadInput, DaybookError
from connectors.http import AccessRefused, Remote
from connectors.http.guard import Guard, check_url

_WHERE = "the store's WooCommerce, Settings, Advanced, REST API; Read is enough"
# The whole index of a store's routes is over a megabyte.
_INDEX = {"_fields": "name,url,home,timezone_string,gmt_offset"}
_SETTINGS = {"_fields": "id,value"}
# Where a store looks for keys; kept with the connection.
KEYS_IN, HEADER, QUERY = "keys_in", "header", "query"


def _key(name: str, title: str, begins: str) -> Field:
    def read(text: str) -> str:
        typed = text.strip()
        if typed and not typed.startswith(begins):
            raise BadInput(f"{name} begins with {begins}: copy it from {_WHERE}")
        return typed

    return Field(name, title, _WHERE, secret=True, read=read)


KEYS = (
    _key("consumer_key", "Consumer key", "ck_"),
    _key("consumer_secret", "Consumer secret", "cs_"),
)


def _consent_url(access: Access, question: Question, redirect_uri: str) -> str:
    store, back = access.url("store"), httpx2.URL(redirect_uri)
    check_url(httpx2.URL(store), access.private_hosts)
    if back.scheme != "https" and back.host not in access.private_hosts:
        raise BadInput(
            "WooCommerce hands keys over to an https address only: set DAYBOOK_PUBLIC_URL to one, "
            f"or type the keys ({_WHERE})"
        )
    query = {
        "app_name": "Daybook",
        "scope": "read",
        # WooCommerce returns this as it is, and has no `state`.
        "user_id": question.state,
        "return_url": redirect_uri,
        # The keys are posted by the store's server, which has no browser's session.
        "callback_url": redirect_uri.removesuffix("callback") + "keys",
    }
    return f"{store}/wc-auth/v1/authorize?{urlencode(query)}"


def _read(access: Access, parameters: Mapping[str, str]) -> Code:
    """Return nothing to exchange: the keys came before the browser."""
    if parameters.get("success") != "1":
        raise Denied("WooCommerce: access was not granted; nothing was connected")
    if not all(field.name in access.fields for field in KEYS):
        raise BadInput(
            "the store did not hand its keys over: it must reach the address in DAYBOOK_PUBLIC_URL"
        )
    return Code("")


def _hands_over(_access: Access, body: Mapping[str, object]) -> Mapping[str, str]:
    return {field.name: field.value(str(body.get(field.name, ""))) for field in KEYS}


def _sign(access: Access) -> httpx2.Auth:
    """Sign with Basic where the call is encrypted; WooCommerce ignores it elsewhere."""
    key, secret = (access.fields[field.name] for field in KEYS)
    if not access.url("store").startswith("https:"):
        return OneLegged(key, secret)
    if access.fields.get(KEYS_IN) == QUERY:
        return InQuery(key, secret)
    return httpx2.BasicAuth(key, secret)


class _Unheard(AccessRefused):
    """The store says that it saw no key it knows: it may not have seen any."""


def _error_for(response: httpx2.Response) -> DaybookError | None:
    status, kind = response.status_code, response.headers.get("Content-Type", "")
    # This code alone: it also comes where a server kept the keys to itself.
    if status == httpx2.codes.UNAUTHORIZED and b"woocommerce_rest_cannot_view" in response.content:
        return _Unheard("WooCommerce no longer accepts the authorisation: connect it again")
    # Not followed: Authorization would go along to a host that nobody checked.
    if 300 <= status < 400:
        return BadInput(
            "the store sends us on to another address: give the one its own pages are at, with or "
            "without www"
        )
    if status == httpx2.codes.NOT_FOUND or (response.is_success and "html" in kind):
        return BadInput(
            "there is no WooCommerce at this address: see that it is the store's own, and that "
            "WooCommerce is active"
        )
    return None


def _accounts(access: Access) -> list[Account]:
    """Return the store, as WordPress and WooCommerce describe it; no key is sent to any other."""
    with _remote(access) as store:
        permalinks, index = _index(access, store)
    stated = _stated(access, index)
    reached, settings = _settings(_with(access, {PERMALINKS: permalinks}))
    country = str(settings.get("woocommerce_default_country", "")).partition(":")[0]
    return [
        Account(
            id=stated,
            name=html.unescape(str(index.get("name") or stated)),
            country=country or None,
            currency=settings.get("woocommerce_currency"),
            timezone=_zone(index),
            fields={name: reached.fields[name] for name in (PERMALINKS, KEYS_IN)},
        )
    ]


def _with(access: Access, more: Mapping[str, str]) -> Access:
    return replace(access, fields={**access.fields, **more})


def _remote(access: Access) -> Remote:
    return Remote("WooCommerce", _sign(access), _error_for, transport=Guard(access.private_hosts))


def _index(access: Access, store: Remote) -> tuple[str, Any]:
    """Return the form of the store's permalinks, and its index.

    Unsigned: WordPress would take the keys for a user's name and password here.
    """
    error: BadInput | None = None
    for permalinks in ("pretty", PLAIN):
        url, more = endpoint(_with(access, {PERMALINKS: permalinks}), "/")
        try:
            return permalinks, store.get(url, params={**more, **_INDEX}, auth=None)
        except BadInput as refused:
            error = error or refused
    raise error or BadInput("there is no WooCommerce at this address")


def _settings(access: Access) -> tuple[Access, dict[str, Any]]:
    """Return the store's settings, and the access that it let to them.

    Servers that keep the Authorization header from WooCommerce are sent the keys in the query.
    """
    reached = _with(access, {KEYS_IN: access.fields.get(KEYS_IN, HEADER)})
    try:
        return reached, _asked(reached)
    except _Unheard:
        # Over http the keys are never in the header, and a place that worked once is not changed.
        if KEYS_IN in access.fields or not access.url("store").startswith("https:"):
            raise
    reached = _with(access, {KEYS_IN: QUERY})
    return reached, _asked(reached)


def _asked(access: Access) -> dict[str, Any]:
    url, more = endpoint(access, "/wc/v3/settings/general")
    with _remote(access) as store:
        return _values(store.get(url, params={**more, **_SETTINGS}))


def _values(listed: Any) -> dict[str, Any]:
    if not isinstance(listed, list):
        raise BadInput("there is no WooCommerce at this address: it does not list its settings")
    return {entry["id"]: entry.get("value") for entry in listed}


def _stated(access: Access, index: Any) -> str:
    """Return the store's address as it states it, which must be the one that was asked for."""
    home = index.get("home") or index.get("url") if isinstance(index, dict) else None
    try:
        stated = account_id(read_store_url(str(home or "")))
    except BadInput as error:
        raise BadInput("there is no WordPress at this address: give the store's own") from error
    store = account_id(access.fields["store_url"])
    # A store that moved, or a copy of it, would be booked as the one that was meant.
    if stated != store:
        raise BadInput(f"the store at {store} says that it is {stated[:200]}: give that address")
    return stated


def _zone(index: Mapping[str, Any]) -> str | None:
    """Return the store's time zone.

    Named, or a whole number of hours that has a name of its own.
    """
    if index.get("timezone_string"):
        return str(index["timezone_string"])
    try:
        hours = float(index.get("gmt_offset") or 0)
    except ValueError:
        return None
    if hours == 0:
        return "UTC"
    # The signs of these names are the wrong way round: Etc/GMT-2 is two hours ahead.
    return f"Etc/GMT{-int(hours):+d}" if hours.is_integer() else None


WOOCOMMERCE = Platform(
    name="woocommerce",
    title="WooCommerce",
    kind="cart",
    endpoints={"store": "{store_url}"},
    account=(Field("store_url", "Store", "such as https://shop.example", read=read_store_url),),
    keys=KEYS,
    consent=Consent(_consent_url, _read, state="user_id", hands_over=_hands_over),
    revocation="the store's WooCommerce, Settings, Advanced, REST API",
    sign=_sign,
    accounts=_accounts,
    deliveries=DELIVERIES,
)
