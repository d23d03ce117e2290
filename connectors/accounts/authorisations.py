"""A consent in the seller's browser: to the platform's page and back to a connected account.

Used by the console. Every step can be interrupted: staged credentials wait under the connection,
and an active connection stays active until a new consent is verified to be for the same account.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from connectors.accounts import consent
from connectors.accounts.account_choice import Missing, Undecided
from connectors.accounts.accounts import Accounts
from connectors.accounts.broker import STAGED, GrantRefused
from connectors.accounts.fields import read_values
from connectors.accounts.platform import Account, Consent, Platform
from connectors.errors import BadInput, RateLimited, Transient


@dataclass(frozen=True, slots=True)
class Received:
    """The result of a callback: the connection, and what is still to be chosen for it.

    With nothing `missing` the connection is authorised; `choices` are its accounts where it has
    several.
    """

    slug: str
    missing: Missing | None = None
    choices: tuple[Account, ...] = ()


def redirect_uri(accounts: Accounts, platform: Platform) -> str:
    """Return where a platform redirects sellers; it must be registered there exactly like this."""
    return f"{accounts.settings.public_url}/connect/{platform.name}/callback"


def begin(
    accounts: Accounts,
    slug: str,
    typed: Mapping[str, str],
    session: str,
    actor: str = "console",
) -> str:
    """Return the platform's page for a connection, bound to a browser session.

    `typed` are the account's fields (region, shop); they are stored even if the seller refuses.
    `BadInput` where one is missing or wrong.
    """
    platform = accounts.platform_of(slug)
    asking = _consent(platform)
    own = accounts.own_fields(slug, staged=True)
    defaults = {**accounts.shared(platform, own), **own}
    fields = read_values(platform, typed, defaults, (*platform.application, *platform.account))
    chosen = {f.name for f in platform.account if not f.secret}
    choices = {name: value for name, value in {**own, **fields}.items() if name in chosen}
    accounts.note_setup(slug, actor, step="authorise", way="consent", fields=choices)
    # Staged before the browser leaves: the callback has nothing but the state to go by.
    accounts.stage(slug, {**own, **fields}, None)
    callback = redirect_uri(accounts, platform)
    question = consent.ask(accounts.vault, slug, session, callback)
    return asking.url(accounts.staged_access(slug), question, callback)


def receive(
    accounts: Accounts, platform: Platform, parameters: Mapping[str, str], session: str, actor: str
) -> Received:
    """Complete an authorisation when a browser returns from the platform.

    Raises `ConsentRefused` for an invalid response, `Denied` if the seller refused, and `BadInput`
    for an invalid code and for another account than the connection's.
    """
    asking = _consent(platform)
    answered = consent.answer(accounts.vault, parameters.get(asking.state, ""), session)
    slug = answered.connection
    # A state of one platform replayed at another's callback (mix-up attack, RFC 9700, section 4.4).
    if accounts.platform_of(slug).name != platform.name:
        raise BadInput(f"{slug} is not a connection to {platform.title}: begin again")
    try:
        _redeem(accounts, platform, slug, answered, parameters)
        return _proven(accounts, slug, actor)
    except (Transient, RateLimited):
        # The grant is valid and staged: the set-up or a check continues from here.
        raise
    # A single-use code is spent: what it bought is useless without the rest of the set-up.
    except BaseException:
        accounts.vault.forget(STAGED + slug)
        raise


def _proven(accounts: Accounts, slug: str, actor: str) -> Received:
    """Pin the account, or return the accounts to choose from."""
    reachable = accounts.reachable_accounts(slug)
    pinned = accounts.registry.connections.get(slug).account_id
    if len(reachable) > 1 and pinned not in {account.id for account in reachable}:
        accounts.note_setup(slug, actor, step="choose")
        return Received(slug, "account", tuple(reachable))
    try:
        accounts.verify(slug, pinned if len(reachable) > 1 else None, None, actor, reachable)
    except Undecided as error:
        return Received(slug, error.missing)
    return Received(slug)


def requested_connection(accounts: Accounts, state: str, session: str) -> str | None:
    """Return the connection that this browser asked to authorise with a state, answered or not."""
    return consent.requested_connection(accounts.vault, state, session)


def receive_keys(
    accounts: Accounts, platform: Platform, state: str, body: Mapping[str, object]
) -> None:
    """Store the keys that a platform posts for an open request; the browser returns afterwards."""
    asking = _consent(platform)
    if asking.hands_over is None:
        raise BadInput(f"{platform.title} hands over no keys")
    slug = consent.handed_over(accounts.vault, state)
    keys = asking.hands_over(accounts.staged_access(slug), body)
    accounts.stage(slug, {**accounts.staged_fields(slug), **keys}, None)


def _consent(platform: Platform) -> Consent:
    if platform.consent is None:
        raise BadInput(f"{platform.title} is connected with keys, not by a consent")
    return platform.consent


def _redeem(
    accounts: Accounts,
    platform: Platform,
    slug: str,
    answered: consent.Answered,
    parameters: Mapping[str, str],
) -> None:
    """Exchange the callback's code, and stage the result before using it."""
    access = accounts.staged_access(slug)
    code = _consent(platform).read(access, parameters)
    access = replace(access, fields={**access.fields, **code.fields})
    staged = {**accounts.staged_fields(slug), **code.fields}
    token = None
    if platform.tokens is not None:
        try:
            token = platform.tokens(access).redeem(
                code.code, answered.redirect_uri, answered.verifier
            )
        except GrantRefused as error:
            raise BadInput(f"{platform.title} does not accept its own code: begin again") from error
    # Staged before any call uses it: a rotating refresh token must never exist in memory alone.
    accounts.stage(slug, staged, token)
