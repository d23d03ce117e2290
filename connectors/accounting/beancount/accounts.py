"""`accounts.beancount`: the accounts and commodities that generated files use.

Each generated file states in its header which accounts and currencies it uses, so that the
list is made without reading every journal again.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from connectors.accounting.beancount.generated import BANNER, sealed
from connectors.accounting.beancount.parser import Directive
from connectors.accounting.beancount.renderer import OPENING_DAY
from connectors.accounting.beancount.sources import sources
from mappings.model import CLEARING, PAYOUT

_FIELD = re.compile(r";; (accounts|clearing|currencies):((?: \S+)*)\n")
_DECLARED = re.compile(
    r'^(?:\d{4}[-/]\d\d?[-/]\d\d?[ \t]+(?:open|commodity)[ \t]+|option[ \t]+")([^\s";]+)',
    re.MULTILINE,
)
_OPERATING = "operating_currency"


@dataclass(frozen=True, slots=True)
class Uses:
    """Accounts that a set of journals uses; `clearing` are those that its payouts empty."""

    accounts: frozenset[str] = frozenset()
    clearing: frozenset[str] = frozenset()
    currencies: frozenset[str] = frozenset()

    def __or__(self, other: "Uses") -> "Uses":
        return Uses(
            self.accounts | other.accounts,
            self.clearing | other.clearing,
            self.currencies | other.currencies,
        )

    def header(self) -> str:
        """Return the comment lines that `uses_in` reads."""
        fields = (
            ("currencies", self.currencies),
            ("clearing", self.clearing),
            ("accounts", self.accounts),
        )
        return "".join(f"{' '.join((f';; {name}:', *sorted(values)))}\n" for name, values in fields)


def uses_of(directives: Iterable[Directive]) -> Uses:
    """Return what the directives use."""
    accounts, clearing, currencies = set(), set(), set()
    for directive in directives:
        for posting in directive.postings:
            accounts.add(posting.account)
            currencies.add(posting.currency)
            if directive.part == PAYOUT and posting.category == CLEARING:
                clearing.add(posting.account)
    return Uses(frozenset(accounts), frozenset(clearing), frozenset(currencies))


def uses_in(path: Path) -> Uses:
    """Return what a generated file's header states; nothing for a file that is not ours."""
    fields: dict[str, frozenset[str]] = {}
    with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
        if file.readline() != f"{BANNER}\n":
            return Uses()
        for line in file:
            # The header ends here, and so does the reading.
            if not line.startswith(";;"):
                break
            if match := _FIELD.fullmatch(line):
                fields[match[1]] = frozenset(match[2].split())
    return Uses(**fields)


def declared_in(main_file: Path) -> frozenset[str]:
    """Return the accounts, currencies and options in the owner's own files.

    These are the main file and what it includes, whatever it includes in turn.
    """
    return frozenset(
        name for source in sources(main_file) for name in _DECLARED.findall(source.text or "")
    )


def render_accounts(uses: Uses, declared: frozenset[str] = frozenset()) -> str:
    """Return the generated file that opens what is used and not `declared` elsewhere."""
    # Fava reports an error without an operating currency; a user's own one replaces ours.
    operating = frozenset() if _OPERATING in declared else uses.currencies
    paragraphs = [
        [f'option "{_OPERATING}" "{value}"' for value in sorted(operating)],
        [f"{OPENING_DAY} commodity {value}" for value in sorted(uses.currencies - declared)],
        [f"{OPENING_DAY} open {value}" for value in sorted(uses.accounts - declared)],
    ]
    return sealed("".join("\n" + "\n".join(lines) + "\n" for lines in paragraphs if lines))
