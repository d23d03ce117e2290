"""The mapping configuration: what an owner may decide about accounts, as a versioned document.

A document holds only what differs from the defaults, so that it can be read at a glance and a new
category needs no new document. `schema.json` beside this module is published with every release.
"""

import hashlib
import re
from string import digits
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from mappings.channels import channels
from mappings.journal.accounts import is_component
from mappings.journal.conversion import Conversion
from mappings.journal.dimensions import MOST_DIMENSIONS, Assignment, dimension_key
from mappings.journal.merged_lines import BY_CATEGORY, Grouping
from mappings.journal.narrations import ENGLISH, Language
from mappings.journal.overrides import Override, Text
from mappings.journal.schedule import Schedule
from mappings.journal.tax.codes import TreatmentCode
from mappings.model import (
    CLEARING,
    CREDIT_NOTE,
    GATEWAY,
    INVOICE,
    UNCLASSIFIED,
)
from mappings.taxonomy import categories, chart

# Beancount's five root accounts, in English as its default options name them.
_ROOTS = frozenset({"Assets", "Liabilities", "Equity", "Income", "Expenses"})
_PLACEHOLDERS = frozenset({"{connection}", "{gateway}"})
_ROLE_OF_GATEWAYS = categories()[GATEWAY].role
_OTHER, _GATEWAY = "Other", "Gateway"


def _account_problem(name: str) -> str | None:
    """Return what keeps Beancount from taking a name as an account; None where it is one."""
    root, *parts = name.split(":")
    named = bool(parts) and all(part in _PLACEHOLDERS or is_component(part) for part in parts)
    if root in _ROOTS and named:
        return None
    return (
        f"{name!r} is not an account; one looks like Expenses:Fees:Other, each part of "
        "letters, digits and hyphens, beginning with a capital or a digit"
    )


_NOT_OF_BOOKS: Final = {
    "document": "the books have journals alone",
    "payouts": "the books have journals alone",
    "currency": "the books keep every currency as it is",
    "tracking": "the books keep no dimensions; assign them in the mapping for an organisation",
    "attachments": "the books name documents by their rows, and attach none",
    "schedule": "the books are written whenever a day is computed",
    "tax": "the books know no tax codes, so tax is on lines of its own there",
}


class AccountLine(BaseModel):
    """The account and tax code of one category, and the account role it has them from.

    `account` is None where an organisation's mapping names none for the role yet.
    """

    model_config = ConfigDict(frozen=True)

    category: str
    account: str | None
    tax_code: str | None
    role: str = CLEARING


class MappingConfig(BaseModel):
    """An owner's decisions for one target. `{connection}` stands for the connection's name.

    In the account of the role gateway, `{gateway}` stands for the other payment provider.

    `chart`: `books`, whose accounts have defaults, or `organisation`, whose accounts are those of
    a connected accounting organisation, by code or number.
    `accounts`: account role -> account, instead of the default chart's.
    `roles`: category -> account role, instead of the taxonomy's.
    `source_types`: channel -> source type -> category, for those that no rule names; in the
    mapping for the books alone, as a line has one category whatever becomes of it.
    `tax_codes`: category -> tax code of the target, before those by treatment.
    `tax`: tax that the store's tax profile finds in prices and fees goes to accounts on lines of
    its own (`own_line`), or stays in its lines for the target to post by code (`target_codes`).
    `treatments`: treatment of tax -> tax code of the target.
    `overrides`: accounts and tax codes of some lines, by marketplace, country and the like.
    `mode`: an entry of each day (`daily`), or of each settlement once it is paid out
    (`settlement`), in parts where it has lines of several months.
    `document`: an organisation gets a `journal` for each entry, or an `invoice` (Xero), or a
    `sales_receipt` (QuickBooks); of goods always a journal. `credit_note`: a negative invoice is a
    credit note, and else a bill.
    `payouts`: payouts are lines of a `journal`, or a `transfer` or `deposit` each (QuickBooks).
    `currency`: an organisation gets entries of other currencies in its own, at a source's rates.
    `cost_of_goods`: what the units cost that a day sold is an entry of its own (`cogs:…`).
    `locations`: location of stock -> account of what lies there, instead of that of `inventory`.
    `tracking`: values of an organisation's dimensions (categories, class, location) for some lines.
    `grouping`: a line for each category (`category`), or one for all of an account (`account`).
    `language`: the language of narrations and texts of lines.
    `attachments`: settlement documents are attached to the entries of an organisation.
    `schedule`: when entries are posted unasked to an organisation; the books are always written.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", title="Daybook mapping configuration")

    version: Literal[1] = 1
    chart: Literal["books", "organisation"] = "books"
    accounts: dict[str, Text] = Field(default_factory=dict)
    roles: dict[str, str] = Field(default_factory=dict)
    source_types: dict[str, dict[str, str]] = Field(default_factory=dict)
    tax_codes: dict[str, Text] = Field(default_factory=dict)
    tax: Literal["own_line", "target_codes"] = "own_line"
    treatments: tuple[TreatmentCode, ...] = ()
    overrides: tuple[Override, ...] = ()
    mode: Literal["daily", "settlement"] = "daily"
    document: Literal["journal", "invoice", "sales_receipt"] = "journal"
    payouts: Literal["journal", "transfer", "deposit"] = "journal"
    credit_note: StrictBool = False
    currency: Conversion | None = None
    cost_of_goods: StrictBool = False
    locations: dict[str, Text] = Field(default_factory=dict)
    tracking: tuple[Assignment, ...] = ()
    grouping: Grouping = BY_CATEGORY
    language: Language = ENGLISH
    attachments: StrictBool = False
    schedule: Schedule = Schedule()

    # A typo would otherwise leave the default in effect without a word.
    @model_validator(mode="after")
    def _known_words(self) -> Self:
        taxonomy, roles = categories(), chart("books")
        used = {
            *self.roles,
            *self.tax_codes,
            *(c for words in self.source_types.values() for c in words.values()),
        }
        for name in sorted(used - set(taxonomy)):
            raise ValueError(f"there is no category {name!r}; `daybook mappings show` lists them")
        for name in sorted({*self.accounts, *self.roles.values()} - set(roles)):
            raise ValueError(
                f"there is no account role {name!r}; `daybook mappings show` lists them"
            )
        for name in sorted(set(self.source_types) - channels()):
            raise ValueError(
                f"there is no channel {name!r}; choose {', '.join(sorted(channels()))}"
            )
        for role in sorted(r for r, account in self.accounts.items() if "{gateway}" in account):
            if role != _ROLE_OF_GATEWAYS:
                raise ValueError(f"{{gateway}} is unknown on lines of {role!r}: leave it out there")
        # Booking unknown money to a real account would end the hold that asks for a decision.
        if UNCLASSIFIED in self.roles:
            raise ValueError("`unclassified` holds entries and cannot be given an account role")
        return self

    @model_validator(mode="after")
    def _fields_of_the_chart(self) -> Self:
        if self.chart == "books":
            for name, why in _NOT_OF_BOOKS.items():
                default = type(self).model_fields[name].get_default(call_default_factory=True)
                if getattr(self, name) != default:
                    raise ValueError(f"{name}: {why}")
            return self
        if self.source_types:
            raise ValueError(
                "source_types are named in the mapping for the books, and hold for every target"
            )
        if self.credit_note and self.document != INVOICE:
            raise ValueError("credit_note: a journal has none; it goes with `document: invoice`")
        if self.currency and self.currency.invoices == "own" and self.document != INVOICE:
            raise ValueError("currency.invoices: there are none; it goes with `document: invoice`")
        return self

    @model_validator(mode="after")
    def _accounts_of_the_books(self) -> Self:
        if self.chart != "books":
            return self
        named = {f"accounts.{role}": account for role, account in self.accounts.items()}
        named |= {f"locations.{name}": account for name, account in self.locations.items()}
        named |= {
            f"overrides.{number}.account": override.account
            for number, override in enumerate(self.overrides)
            if override.account is not None
        }
        for where, account in named.items():
            if problem := _account_problem(account):
                raise ValueError(f"{where}: {problem}")
        return self

    @model_validator(mode="after")
    def _few_dimensions(self) -> Self:
        names = sorted({dimension_key(each.dimension) for each in self.tracking})
        if len(names) > MOST_DIMENSIONS:
            raise ValueError(
                f"tracking: {', '.join(names)} are more than the {MOST_DIMENSIONS} dimensions that "
                "accounting programs take on a line"
            )
        return self

    def account(self, role: str, connection: str) -> str | None:
        """Return the account of a role for one connection; None where none is named."""
        default = chart(self.chart).get(role) if self.chart == "books" else None
        return self.named(self.accounts.get(role, default), connection)

    def named(self, template: str | None, connection: str) -> str | None:
        """Return an account with a connection's name in the place of `{connection}`."""
        return template and template.replace("{connection}", component(connection))

    def tracked(self, value: str, connection: str, channel: str) -> str:
        """Return a value of a dimension; `{marketplace}` stays, as each line has its own."""
        named = value.replace("{connection}", component(connection))
        return named.replace("{channel}", component(channel))

    def account_lines(self, connection: str) -> list[AccountLine]:
        """Return every category, and `clearing`, with its account and tax code.

        An account with `{gateway}` is one for each gateway, named by `through`.
        """
        roles = {name: self.roles.get(name, each.role) for name, each in categories().items()}
        lines = [
            AccountLine(
                category=name,
                account=self.account(role, connection),
                tax_code=self.tax_codes.get(name),
                role=role,
            )
            for name, role in roles.items()
        ]
        # Clearing is no category: no line is mapped to it, but every entry balances on it.
        clearing = self.account(CLEARING, connection)
        return [*lines, AccountLine(category=CLEARING, account=clearing, tax_code=None)]

    @property
    def entry_document(self) -> str:
        """Return what an entry becomes, as `JournalEntry.document` has it."""
        return CREDIT_NOTE if self.credit_note else self.document

    @property
    def digest(self) -> str:
        """Return a hash that is equal for equal decisions."""
        # An unchanged mapping makes no new version, so no day is recomputed for it.
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def component(slug: str) -> str:
    """Return a slug as an account component: `amazon-uk` is `Amazon-Uk`."""
    return re.sub(r"(^|-)([a-z])", lambda m: m[1] + m[2].upper(), slug)


def through(gateway: str | None) -> str:
    """Return a gateway's name as an account component: `ppcp_gateway` is `Ppcp-Gateway`."""
    letters = (c if c.isalpha() or c in digits else " " for c in gateway or "")
    name = "-".join(word[0].upper() + word[1:] for word in "".join(letters).split())
    # A script without capitals needs a word before it that begins with one.
    named = (part for part in (name, f"{_GATEWAY}-{name}") if name and is_component(part))
    return next(named, _OTHER)
