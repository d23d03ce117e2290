"""An accounting program that Daybook does not reach: what is asked of its owner once.

Nobody has to be let in. Its journals are written as files in the home, in the form it imports.
"""

from connectors.accounting.files.datev import CLIENT, CONSULTANT, CURRENCY, DATEV, TITLE
from connectors.accounting.files.target import HLEDGER
from connectors.accounting.files.templates import templates
from connectors.accounts.platform import Access, Account, Field, Platform
from connectors.http import TokenAuth

FORM, NAME = "form", "books"


def _accounts(access: Access) -> list[Account]:
    name = access.fields[NAME]
    return [
        Account(
            # One company, however its name is typed the second time.
            id=name.casefold(),
            name=name,
            currency=access.fields.get(CURRENCY),
            # Entries bring their own business days, so no day is computed here.
            timezone="UTC",
            details={"form": access.fields[FORM]},
            fields={FORM: access.fields[FORM]},
        )
    ]


FILES = Platform(
    name="files",
    title="Files for an accounting program",
    kind="accounting",
    endpoints={},
    keys=(
        Field(NAME, "Name of the books", "as the program calls the company"),
        Field(
            FORM,
            "Form of the files",
            "what the program imports",
            options={
                HLEDGER: "hledger or Ledger",
                **{name: template.title for name, template in templates().items()},
                DATEV: TITLE,
            },
        ),
        Field(CURRENCY, "Currency of the books", "ISO 4217, such as GBP", required=False),
        Field(CONSULTANT, "DATEV's consultant number", "for DATEV alone", required=False),
        Field(CLIENT, "DATEV's client number", "for DATEV alone", required=False),
    ),
    sign=lambda access: TokenAuth(access.token),
    accounts=_accounts,
    revocation="nowhere: no access was given",
)
