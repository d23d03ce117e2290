"""The check of the books by Beancount, for everything that reports how work ended."""

from pathlib import Path

from connectors.accounting.beancount.books import Books
from connectors.errors import DaybookError
from connectors.home.settings import Settings
from pipelines.stages.publisher import LOCK_SECONDS
from pipelines.stages.workspace import Workspace


def refresh_accounts(workspace: Workspace) -> None:
    """Update `accounts.beancount` to the accounts that the owner opens in files of their own."""
    # The publisher writes the same files.
    with workspace.registry.lock("books", LOCK_SECONDS):
        Books(workspace.settings.books_folder).refresh_accounts()


def books_error(workspace: Workspace) -> str | None:
    """Return the first error that `bean-check` finds in the books, after they were refreshed."""
    try:
        refresh_accounts(workspace)
    except DaybookError as error:
        return str(error)
    return checked_books(workspace.settings)


def checked_books(settings: Settings) -> str | None:
    """Return the first error of the books as they are: file, line, words; None where all is well.

    There is none either where `bean-check` is not installed.
    """
    books = Books(settings.books_folder)
    if not books.main_file.exists():
        return None
    try:
        result = books.verdict(settings.books_verdict_file)
    except DaybookError as error:
        return str(error)
    return None if result is None or result.ok else first_error(result.errors)


def known_books_error(books_folder: Path, record: Path) -> str | None:
    """Return the first error that is known of the books as they are, and run nothing."""
    result = Books(books_folder).known_verdict(record)
    return None if result is None or result.ok else first_error(result.errors)


def first_error(errors: tuple[str, ...]) -> str:
    """Return the first error on one line, and how many more there are."""
    if not errors:
        return "bean-check refuses the books and does not say why"
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"bean-check refuses the books: {' '.join(errors[0].split())}{more}"
