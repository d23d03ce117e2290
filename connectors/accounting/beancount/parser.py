"""Generated text back into postings; anything else raises `Unreadable` with its line.

This reads the form that `rendering` writes, not Beancount's whole language.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from connectors.accounting.beancount.renderer import ACTIVITY_TAGS, HASH_PREFIX
from connectors.accounting.beancount.syntax import unquoted
from mappings.model import ACTIVITY, PAYOUT, PostedLine

_STRING = r'"((?:[^"\\]|\\.)*)"'
_TAGS = "|".join((*ACTIVITY_TAGS, PAYOUT))
_HEAD = re.compile(
    rf"(\d{{4}}-\d\d-\d\d) \* {_STRING} {_STRING} #({_TAGS})(?: \^\S+)+\n"
    rf"  journal-id: {_STRING}\n(?:  entry-id: {_STRING}\n)?  revision: (\d+)\n"
    rf"  content-hash: {_STRING}\n  settlement-ids: {_STRING}\n  source-rows: \d+\n"
)
_POSTING = re.compile(
    rf"  (\S+) +(-?\d+(?:\.\d+)?) ([A-Z]{{3}})\n    category: {_STRING}\n"
    rf"(?:    tax-code: {_STRING}\n)?(?:    tax: {_STRING}\n)?(?:    settlement: {_STRING}\n)?"
)
_BALANCE = re.compile(r"\d{4}-\d\d-\d\d balance \S+ +-?\d+(?:\.\d+)? ~ 0(?:\.0+)? [A-Z]{3}")


class Unreadable(Exception):
    """A line that is not as Daybook writes it; the file is known further up."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class PostingLine(NamedTuple):
    """One posting of a directive."""

    account: str
    amount: Decimal
    currency: str
    category: str
    settlement_id: str | None


@dataclass(frozen=True, slots=True)
class Directive:
    """The activity of an entry, or one of its payouts, with the text it was read from."""

    entry_id: str
    part: str
    day: date
    revision: int
    content_hash: str
    postings: tuple[PostingLine, ...]
    text: str

    def posted(self, connection: str) -> Iterator[PostedLine]:
        """Yield the postings in the words that every target shares."""
        for posting in self.postings:
            yield PostedLine(
                entry_id=self.entry_id,
                connection=connection,
                business_date=self.day,
                currency=posting.currency,
                revision=self.revision,
                content_hash=self.content_hash,
                part=self.part,
                account=posting.account,
                category=posting.category,
                amount=posting.amount,
                settlement_id=posting.settlement_id,
            )


def read_directives(text: str, slug: str) -> list[Directive]:
    """Return every directive of a connection's file, in order; `slug` frames it in a tag.

    Raises Unreadable with the line, 1 is the first.
    """
    paragraphs = list(_paragraphs(text))
    tag = f"#conn-{slug}"
    start = [line for line, paragraph in paragraphs if paragraph == f"pushtag {tag}\n"]
    if len(start) != 1:
        raise Unreadable(1, f"`pushtag {tag}` is missing")
    last, paragraph = paragraphs[-1]
    if paragraph != f"poptag {tag}\n":
        raise Unreadable(last, f"the file ends before `poptag {tag}`")
    return [
        read_directive(paragraph, line)
        for line, paragraph in paragraphs
        if start[0] < line < last and not _is_balances(paragraph)
    ]


def read_directive(text: str, first: int = 1) -> Directive:
    """Return one directive; `first` is the line of the file on which it starts."""
    head = _HEAD.match(text)
    if head is None:
        raise Unreadable(first, "not a journal as Daybook writes it")
    day, _, _, tag, journal_id, entry_id, revision, content_hash, _ = head.groups()
    try:
        return Directive(
            entry_id=unquoted(entry_id or journal_id),
            part=PAYOUT if tag == PAYOUT else ACTIVITY,
            day=date.fromisoformat(day),
            revision=int(revision),
            content_hash=unquoted(content_hash).removeprefix(HASH_PREFIX),
            postings=_postings(text, head.end(), first),
            text=text,
        )
    except ValueError as error:
        raise Unreadable(first, str(error)) from error


def _postings(text: str, start: int, first: int) -> tuple[PostingLine, ...]:
    postings: list[PostingLine] = []
    total = Decimal(0)
    while start < len(text):
        match = _POSTING.match(text, start)
        if match is None:
            raise Unreadable(first + text.count("\n", 0, start), "not a posting with its category")
        account, figures, currency, category, *_, settlement = match.groups()
        amount = Decimal(figures)
        total += amount
        settlement_id = None if settlement is None else unquoted(settlement)
        postings.append(PostingLine(account, amount, currency, unquoted(category), settlement_id))
        start = match.end()
    if not postings or total:
        raise Unreadable(first, f"the journal's postings sum to {total} and not to zero")
    return tuple(postings)


def _is_balances(paragraph: str) -> bool:
    return all(_BALANCE.fullmatch(line) for line in paragraph.splitlines())


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Yield runs of lines between blank lines, each with the number of its first line."""
    line = 1
    for paragraph in text.split("\n\n"):
        lines = paragraph if paragraph.endswith("\n") else paragraph + "\n"
        yield line, lines
        line += paragraph.count("\n") + 2
