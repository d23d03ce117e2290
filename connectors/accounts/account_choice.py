"""The account that credentials reach: the chosen one, or those to choose from."""

from collections.abc import Sequence
from typing import Any, Literal

from connectors.accounts.platform import Account
from connectors.errors import BadInput

Missing = Literal["account", "timezone"]


class Undecided(BadInput):
    """The credentials are valid and stored; `missing` must still be chosen."""

    def __init__(self, message: str, missing: Missing) -> None:
        super().__init__(message)
        self.missing: Missing = missing


def described(account: Account) -> dict[str, Any]:
    """Return the facts to store about an account, as its platform states them."""
    return {
        "name": account.name,
        "country": account.country,
        "currency": account.currency,
        "timezone": account.timezone,
        **account.details,
    }


def chosen_account(accounts: Sequence[Account], account_id: str | None, slug: str) -> Account:
    """Return the chosen account; `BadInput` lists the available ones."""
    if not accounts:
        raise BadInput("the authorisation reaches no account: grant access to one")
    named = ", ".join(f"{account.id} ({account.name})" for account in accounts)
    # Never pick one of several: entries of another shop are hard to take back.
    if account_id is None:
        if len(accounts) > 1:
            raise Undecided(
                f"these credentials reach several accounts, {named}: finish with "
                f"`daybook connections check {slug} --account ID`",
                "account",
            )
        return accounts[0]
    for account in accounts:
        if account.id == account_id:
            return account
    raise BadInput(f"this is a different store: {slug} is {account_id}, and this reaches {named}")
