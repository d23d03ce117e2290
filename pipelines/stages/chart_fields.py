"""Fields of a mapping that name accounts and tax codes, held against an organisation's chart."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from connectors.accounting.target import ChartAccount, TaxCode
from mappings.journal.config import MappingConfig
from mappings.model import (
    CLEARING,
    CREDIT_NOTE,
    DEPOSIT,
    INVOICE,
    JOURNAL,
    SALES_RECEIPT,
    TRANSFER,
)

# What an entry or its payouts may be, in words.
KINDS: Final = {
    JOURNAL: "a journal",
    INVOICE: "an invoice",
    CREDIT_NOTE: "an invoice",
    SALES_RECEIPT: "a sales receipt",
    TRANSFER: "a transfer",
    DEPOSIT: "a deposit",
}
_PAYOUTS: Final = "payouts"
_OF_MONEY: Final = "a bank account or an other current asset"
_NO_MONEY: Final = "is of {}, and money moves between accounts of the balance sheet: take one"


def account_fields(config: MappingConfig) -> dict[str, str]:
    """Return the accounts that a mapping names, by the field that does."""
    named = {f"accounts.{role}": number for role, number in config.accounts.items()}
    named |= {f"locations.{name}": number for name, number in config.locations.items()}
    return named | {
        f"overrides.{n}.account": override.account
        for n, override in enumerate(config.overrides)
        if override.account is not None
    }


def tax_fields(config: MappingConfig) -> dict[str, tuple[str, Decimal | None]]:
    """Return the tax codes that a mapping names with the rate it has them for, by field."""
    named: dict[str, tuple[str, Decimal | None]] = {
        f"tax_codes.{category}": (code, None) for category, code in config.tax_codes.items()
    }
    named |= {
        f"overrides.{n}.tax_code": (override.tax_code, None)
        for n, override in enumerate(config.overrides)
        if override.tax_code is not None
    }
    return named | {
        f"treatments.{n}.code": (t.code, t.rate) for n, t in enumerate(config.treatments)
    }


def account_problems(config: MappingConfig, chart: Sequence[ChartAccount]) -> list[str]:
    """Return what is wrong with the accounts of a mapping, each with the field that names it."""
    accounts = {account.number: account for account in chart}
    problems = [
        f"{field}: {problem}"
        for field, number in account_fields(config).items()
        if (problem := account_problem(accounts, number)) is not None
    ]
    named = config.accounts.get(CLEARING, ""), config.accounts.get(_PAYOUTS, "")
    of_documents = document_problems(accounts, *named, config.document, config.payouts)
    problems += [f"{field}: {problem}" for field, problem in of_documents]
    if config.payouts != JOURNAL and _PAYOUTS not in config.accounts:
        problems.append(
            f"accounts.{_PAYOUTS}: a {config.payouts} needs the account that payouts go to: name "
            "the one of the bank, or one for payouts in transit"
        )
    return problems


def document_problems(
    accounts: Mapping[str, ChartAccount], clearing: str, payouts: str, document: str, kind: str
) -> Iterator[tuple[str, str]]:
    """Yield why clearing or the account of payouts does not do for the documents of an entry.

    Each with the field that names the account. `kind` is that of its payouts. Accounts that there
    are not are told of elsewhere.
    """
    if (account := accounts.get(clearing)) is not None:
        for problem in _unfit_clearing(account, document, kind):
            yield f"accounts.{CLEARING}", f"{account.number} ({account.name}) {problem}"
    if (account := accounts.get(payouts)) is not None and kind != JOURNAL:
        is_clearing = clearing == payouts
        unfit = "is clearing itself: take another" if is_clearing else _unfit_bank(account, kind)
        if unfit is not None:
            yield f"accounts.{_PAYOUTS}", f"{account.number} ({account.name}) {unfit}"


def _unfit_clearing(account: ChartAccount, document: str, kind: str) -> Iterator[str]:
    if document in {INVOICE, CREDIT_NOTE} and not account.takes_payments:
        yield (
            "takes no payments, and invoices are paid into it: tick `Enable payments to this "
            "account` there"
        )
    if document == SALES_RECEIPT and not account.takes_deposits:
        yield f"is of {account.kind}, and receipts are deposited to {_OF_MONEY}: take one"
    if kind != JOURNAL and not account.takes_transfers:
        yield _NO_MONEY.format(account.kind)


def _unfit_bank(account: ChartAccount, kind: str) -> str | None:
    if kind == DEPOSIT and not account.takes_deposits:
        return f"is of {account.kind}, and deposits go to {_OF_MONEY}: take one"
    return None if account.takes_transfers else _NO_MONEY.format(account.kind)


def account_problem(accounts: Mapping[str, ChartAccount], number: str) -> str | None:
    """Return why no journal may use an account of a chart, None where one may."""
    account = accounts.get(number)
    if account is None:
        return f"the organisation has no account {number}"
    return account.refusal and f"{number} ({account.name}) {account.refusal}"


def tax_problems(config: MappingConfig, codes: Sequence[TaxCode]) -> list[str]:
    """Return what is wrong with the tax codes of a mapping, each with the field that names it."""
    by_number = {code.number: code for code in codes}
    problems = []
    for field, (number, rate) in tax_fields(config).items():
        problem, code = code_problem(by_number, number), by_number.get(number)
        if problem is not None:
            problems.append(f"{field}: {problem}")
        elif code is not None and rate is not None and code.rate not in {None, rate}:
            actual = code.rate or Decimal(0)
            problems.append(
                f"{field}: {number} ({code.name}) has the rate {actual.normalize():f} %, and "
                f"not {rate.normalize():f} %"
            )
    return problems


def code_problem(codes: Mapping[str, TaxCode], number: str) -> str | None:
    """Return why no line may have a tax code of an organisation, None where one may."""
    code = codes.get(number)
    if code is None:
        return f"the organisation has no tax code {number}"
    return code.refusal and f"{number} ({code.name}) {code.refusal}"


def fields_of(config: MappingConfig, numbers: Collection[str]) -> dict[str, str]:
    """Return the fields that name some accounts or tax codes, by what they name; first ones win."""
    named = account_fields(config) | {f: code for f, (code, _) in tax_fields(config).items()}
    return {number: field for field, number in reversed(named.items()) if number in numbers}
