"""Accounts of connections: connect, check, reconnect, disconnect.

New credentials are staged under a separate owner until the platform has confirmed their account.
Only then do they become the connection's, and only if the account is the same as before. A failure
leaves the account unchanged, or a `pending` connection that can be resumed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.accounts.account_choice import Missing, Undecided, chosen_account, described
from connectors.accounts.broker import STAGED, TOKEN, GrantRefused, NeedsReconnection
from connectors.accounts.credentials import Credentials
from connectors.accounts.deadlines import SECRET_SINCE, deadlines, wants_use
from connectors.accounts.fields import read_fields, secret_names, slug_for
from connectors.accounts.platform import Account
from connectors.accounts.platforms import platform_named
from connectors.accounts.setup import Setup, Step
from connectors.accounts.tokens import Token
from connectors.accounts.vault import QUEUE, WEBHOOKS
from connectors.accounts.webhook_subscriptions import WebhookSubscriptions
from connectors.database.registry import Connection
from connectors.database.registry.findings import NOTIFICATIONS
from connectors.errors import BadInput, DaybookError, RateLimited, Transient
from connectors.http import AccessRefused
from connectors.http.shape import readable

REFUSED = "the platform rejected the stored credentials"
_ASKED_IN: Mapping[Missing, Step] = {"account": "choose", "timezone": "timezone"}


@dataclass(frozen=True, slots=True)
class Accounts(Credentials):
    """The accounts of one home."""

    def add(
        self,
        name: str,
        title: str,
        typed: Mapping[str, str],
        *,
        slug: str | None = None,
        timezone: str | None = None,
        account: str | None = None,
        actor: str,
    ) -> Connection:
        """Connect an account of the platform `name` with typed fields, and name it `title`.

        `account` chooses one if the credentials reach several. Raises `BadInput`, leaving nothing
        behind, for wrong fields, refused credentials and an account that is already connected.
        """
        platform = platform_named(name)
        fields, token = read_fields(platform, typed, self.shared(platform, typed))
        taken = {connection.slug for connection in self.registry.connections.list()}
        slug = slug or slug_for(title, taken)
        self.registry.connections.add(
            slug, channel=name, name=title, timezone=timezone or "UTC", kind="api", actor=actor
        )
        # The connection exists first: staged credentials need an owner that a second process can
        # resume.
        with self._kept_if_unfinished(slug, token, lambda: self._withdraw(slug, actor)):
            self.stage(slug, fields, token)
            self.verify(slug, account, timezone, actor)
        return self.registry.connections.get(slug)

    def reconnect(
        self, slug: str, typed: Mapping[str, str], *, account: str | None = None, actor: str
    ) -> Connection:
        """Give a connection new credentials for the account it has.

        Raises `BadInput` if they reach another account; the connection is then unchanged.
        """
        connection = self.registry.connections.get(slug)
        platform = platform_named(connection.channel)
        own = self.own_fields(slug)
        if typed.get("client_id", own.get("client_id")) != own.get("client_id"):
            # Another application: the previous one's fields don't belong to it.
            of_it = {field.name for field in platform.application} | {SECRET_SINCE}
            own = {name: value for name, value in own.items() if name not in of_it}
        defaults = {**self.shared(platform, {**own, **typed}), **own}
        fields, token = read_fields(platform, typed, defaults)
        # Staged beside the old ones, which stay in use until the platform has confirmed the
        # account.
        self.stage(slug, {**own, **fields}, token)
        with self._kept_if_unfinished(slug, token, lambda: self.vault.forget(STAGED + slug)):
            self.verify(slug, account or connection.account_id, None, actor)
        return self.registry.connections.get(slug)

    def check(
        self,
        slug: str,
        *,
        account: str | None = None,
        timezone: str | None = None,
        actor: str,
    ) -> Connection:
        """Verify a connection's account with the platform; resume a pending connection.

        The result is the connection's state.
        """
        connection = self.registry.connections.get(slug)
        if connection.kind == "file":
            raise BadInput(f"{slug} reads files: there is no account to check")
        if connection.state == "disconnected":
            raise BadInput(f"{slug} is disconnected: `daybook connections reconnect {slug}`")
        if connection.state == "pending" or TOKEN in self.vault.read(STAGED + slug):
            chosen = Setup.model_validate(connection.setup).account
            self.verify(slug, account or connection.account_id or chosen, timezone, actor)
            return self.registry.connections.get(slug)
        platform = platform_named(connection.channel)
        with self.recording_refusals(slug), readable(platform.title):
            accounts = platform.accounts(self.access(slug))
        answered = chosen_account(accounts, connection.account_id, slug)
        # It answered, so whatever had refused it is over; another state is its owner's decision.
        if connection.state == "needs_reauth":
            self.registry.connections.set_state(slug, "active", actor)
        self.registry.connections.describe_account(slug, described(answered))
        self._note_deadlines(slug)
        return self.registry.connections.get(slug)

    def keep_alive(self, slug: str) -> None:
        """Use a grant that was idle for a week, so that it does not expire for lack of use.

        Raises as the token broker: `NeedsReconnection` if it has expired already.
        """
        token = self._token(slug)
        if token is not None and wants_use(token, datetime.now(UTC)):
            # Treated as refused, so that the broker really uses the refresh token instead of
            # returning a valid one.
            self.access(slug).token(refused=token.access_token)
        self._note_deadlines(slug)

    def _note_deadlines(self, slug: str) -> None:
        """Store the deadlines where the card and the command line read them without the key."""
        platform = self.platform_of(slug)
        own = self.own_fields(slug)
        fields = {**self.shared(platform, own), **own}
        expiries = deadlines(platform, fields, self._token(slug))
        self.registry.connections.set_deadlines(
            slug,
            [
                {"expires_at": d.expires_at.isoformat(), "what": d.what, "remedy": d.remedy}
                for d in expiries
            ],
        )

    @contextmanager
    def recording_refusals(self, slug: str) -> Iterator[None]:
        """Set the connection to `needs_reauth` if its platform refuses the credentials."""
        try:
            yield
        except AccessRefused as error:
            self.registry.connections.set_state(slug, "needs_reauth", "platform", REFUSED)
            raise NeedsReconnection(f"{slug}: {error}") from error

    def disconnect(self, slug: str, actor: str) -> str | None:
        """Disconnect an account: revoke the access, delete the credentials, keep the data.

        Returns a message if the platform could not be told; the account is disconnected anyway.
        """
        connection = self.registry.connections.get(slug)
        check_has_account(connection)
        platform = platform_named(connection.channel)
        problem = self._end_webhooks(slug, actor)
        if platform.revoke is not None and self.vault.read(slug):
            try:
                platform.revoke(self.access(slug))
            except (DaybookError, GrantRefused) as error:
                problem = (
                    f"{platform.title} was not notified ({error}): remove Daybook's access "
                    f"{platform.where}"
                )
        # After the revocation, which needs them, and even if it failed: disconnecting must work
        # offline.
        for owner in (slug, STAGED + slug, QUEUE + slug):
            self.vault.forget(owner)
        # Its queue is forgotten, and nothing would ever clear what was found in it.
        self.registry.findings.set(slug, NOTIFICATIONS, [])
        self.registry.connections.set_state(slug, "disconnected", actor)
        # Reconnecting must not resume posting without somebody turning it on.
        self.registry.connections.set_posting(slug, None, actor)
        self.registry.connections.set_deadlines(slug, [])
        return problem

    def _end_webhooks(self, slug: str, actor: str) -> str | None:
        """End a connection's webhooks; return in words that the platform could not be told."""
        try:
            if WEBHOOKS + slug in self.vault.owners():
                WebhookSubscriptions(self).unsubscribe(slug, actor)
        except (DaybookError, GrantRefused) as error:
            return f"its webhooks could not be ended ({error}): they are refused from now on"
        return None

    def note_setup(self, slug: str, actor: str, *, step: Step, **choices: object) -> None:
        """Save a set-up's step and choices; does nothing for a connected account."""
        connection = self.registry.connections.get(slug)
        if connection.account_id is None:
            setup = Setup.model_validate(connection.setup)
            changed = setup.model_copy(update={"step": step, **choices})
            self.registry.connections.set_setup(slug, changed.model_dump(mode="json"), actor)

    def reachable_accounts(self, slug: str) -> list[Account]:
        """Return the accounts that the staged credentials reach; `BadInput` if they are refused."""
        platform = self.platform_of(slug)
        if not self.vault.read(STAGED + slug):
            raise BadInput(f"{slug} has no credentials yet: remove it and add it again")
        try:
            with readable(platform.title):
                return platform.accounts(self.staged_access(slug))
        except (AccessRefused, NeedsReconnection) as error:
            raise BadInput(f"{platform.title} does not accept these credentials") from error

    def verify(
        self,
        slug: str,
        account: str | None,
        timezone: str | None,
        actor: str,
        accounts: Sequence[Account] | None = None,
    ) -> None:
        """Verify the staged credentials' account and make them the connection's.

        `account` chooses one if they reach several; `accounts` is the platform's response if it is
        known already. Raises `BadInput` if it is not the connection's own account, or another
        connection has it; `Undecided` leaves the set-up at the choice that is missing.
        """
        try:
            self._verify(slug, account, timezone, actor, accounts)
        except Undecided as error:
            self.note_setup(slug, actor, step=_ASKED_IN[error.missing], account=account)
            raise

    def _verify(
        self,
        slug: str,
        account: str | None,
        timezone: str | None,
        actor: str,
        accounts: Sequence[Account] | None,
    ) -> None:
        connection = self.registry.connections.get(slug)
        platform = platform_named(connection.channel)
        reached = chosen_account(
            self.reachable_accounts(slug) if accounts is None else accounts, account, slug
        )
        # Before anything is written: another account or a second connection must leave no trace.
        self.registry.connections.check_account(slug, reached.id, described(reached))
        # Computed days depend on the zone, so it stays once there can be any.
        settled = connection.account_id is not None or connection.kind == "file"
        zone = timezone or (connection.timezone if settled else reached.timezone)
        if zone is None:
            raise Undecided(
                f"{platform.title} does not say the account's time zone: finish with "
                f"`daybook connections check {slug} --timezone ZONE`",
                "timezone",
            )
        # Read again: the broker may have changed the token meanwhile.
        stored = self._kept(STAGED + slug) | dict(reached.fields)
        secrets = secret_names(platform) | {TOKEN}
        # Secrets go to the vault and only the rest to the connection, which is shown and exported.
        self._keep(slug, platform, {n: v for n, v in stored.items() if n in secrets})
        self.registry.connections.pin_account(
            slug,
            reached.id,
            described(reached),
            {n: v for n, v in stored.items() if n not in secrets},
            zone,
            actor,
        )
        self.vault.forget(STAGED + slug)
        self._note_deadlines(slug)
        if platform.kind == "accounting":
            # Nothing is imported from an organisation, so its set-up has no further step.
            setup = Setup.model_validate(connection.setup).model_copy(update={"step": "done"})
            self.registry.connections.set_setup(slug, setup.model_dump(mode="json"), actor)

    @contextmanager
    def _kept_if_unfinished(
        self, slug: str, token: Token | None, withdraw: Callable[[], None]
    ) -> Iterator[None]:
        """Undo the connection if the block fails, unless it can still be finished.

        A refresh token that was exchanged for another exists only here: deleting it would lose it.
        """
        try:
            yield
        except Undecided:
            raise
        except (Transient, RateLimited) as error:
            stored = self.vault.read(STAGED + slug).get(TOKEN)
            if token is None or stored is None or Token.from_json(stored) == token:
                withdraw()
                raise
            raise Transient(
                f"{error}; what was granted is kept: `daybook connections check {slug}` goes on "
                "from here"
            ) from error
        except BaseException:
            withdraw()
            raise

    def _withdraw(self, slug: str, actor: str) -> None:
        # Last: until here, a killed process leaves a set-up that can be finished.
        self.vault.forget(STAGED + slug)
        self.registry.connections.remove(slug, actor)


def check_has_account(connection: Connection) -> None:
    """Raise `BadInput` for a connection that reads files."""
    if connection.kind == "file":
        raise BadInput(f"{connection.slug} reads files: there is no account to disconnect")
