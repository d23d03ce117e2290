"""Plain-text Beancount books: generated text here, Beancount and Fava only as programs.

`books` is the way in. `rendering` and `reading` are the two directions of one text form, `ledger`
the posted entries of one connection, `generated` the files that Daybook owns.
"""

from connectors.accounting.beancount.bean_check import BeanCheckResult
from connectors.accounting.beancount.books import Books, Published

__all__ = ["BeanCheckResult", "Books", "Published"]
