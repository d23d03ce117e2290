"""All that posting says to a platform and hears of it: every call, and refusals of each kind."""

from sandbox.faults import Exchange
from tests.stages.organisation_books import FIRST_DAY
from tests.targets.stands import Stand

PATHS = {"xero": "/api.xro/2.0/", "quickbooks": "/v3/company/"}


def everything(at: Stand) -> list[Exchange]:
    """Post, replace, take out, find and look up, with what an emulator refuses of each."""
    assert at.faulty is not None
    begun = len(at.faulty.exchanges)
    at.send()
    assert at.books.accounts()
    at.change()
    at.send()
    at.edit(FIRST_DAY)
    at.withdraw(FIRST_DAY)
    at.send()
    at.reset()
    # An account that is not in use: a refusal in the platform's words.
    at.use("fee_referral", False)
    at.send()
    at.use("fee_referral", True)
    at.heal()
    entry = at.entries()[0]
    assert at.books.find(entry, None) is not None
    at.withdraw(FIRST_DAY)
    at.send()
    assert at.books.find(entry, None) is None
    return [e for e in at.faulty.exchanges[begun:] if e.path.startswith(PATHS[at.name])]
