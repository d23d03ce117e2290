"""The books of a new home."""

from connectors.accounting.beancount.books import Books
from connectors.home.settings import Settings


def create_books(home: Settings) -> list[str]:
    """Write empty books where there are none; return a line about it."""
    folder = Books(home.books_folder)
    is_new = not folder.main_file.exists()
    folder.initialise()
    return [f"wrote {folder.main_file}"] if is_new else []
