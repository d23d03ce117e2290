"""The bank account of an accounting organisation as a source of bank lines."""

from datetime import UTC, date, datetime

from connectors.accounting.target import BankReader, OrganisationBooks
from connectors.database.registry import Connection
from connectors.errors import BadInput
from pipelines.stages.bank import EARLY, BankImport, awaited_payouts, store_lines
from pipelines.stages.organisations import open_organisation
from pipelines.stages.workspace import Workspace


def import_from_organisation(
    workspace: Workspace,
    organisation: Connection,
    number: str,
    actor: str,
    today: date | None = None,
) -> BankImport:
    """Store the lines of an organisation's bank account, and match payouts with them.

    Read are the days since the oldest payout that is in no bank yet, and nothing where all are.
    `BadInput` for an account that is not at a bank.
    """
    books = open_organisation(workspace, organisation)
    if not isinstance(books, BankReader):
        raise BadInput(
            f"Daybook reads no bank account of {organisation.slug}: import the bank's own file"
        )
    _check_account(books, organisation, number)
    awaited = awaited_payouts(workspace)
    if not awaited:
        return BankImport(0, 0, 0)
    first = min(payout.day for payout in awaited) - EARLY
    lines = list(books.bank_lines(number, first, today or datetime.now(UTC).date()))
    return store_lines(workspace, lines, f"{organisation.slug} {number}", actor)


def _check_account(books: OrganisationBooks, organisation: Connection, number: str) -> None:
    chart = books.accounts() or []
    at_banks = {each.number: each.name for each in chart if each.kind.upper() == "BANK"}
    if number not in at_banks:
        listed = ", ".join(f"{each} ({name})" for each, name in at_banks.items()) or "none"
        raise BadInput(
            f"{organisation.slug} has no bank account {number!r}: name one with --account, of "
            f"{listed}"
        )
