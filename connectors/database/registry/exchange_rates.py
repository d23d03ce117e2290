"""Rates of exchange, by the source that they were named after."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from connectors.database.registry.posting_models import ExchangeRateRow
from connectors.database.registry.repository import Repository, columns, serialise, write_audit
from connectors.rates import ExchangeRate

# Of one statement: PostgreSQL takes 65,535 parameters.
_ROWS_AT_ONCE = 10_000


class ExchangeRates(Repository):
    """One rate a source, day and pair of currencies; a newer file's is the one that counts."""

    def add(self, source: str, rates: Sequence[ExchangeRate], actor: str) -> int:
        """Store rates in place of those of the same day; return how many are new or changed."""
        changed = 0
        with self._transaction() as session:
            serialise(session, "daybook exchange rates")
            for start in range(0, len(rates), _ROWS_AT_ONCE):
                values = [
                    {"source": source, **asdict(rate)}
                    for rate in rates[start : start + _ROWS_AT_ONCE]
                ]
                statement = insert(ExchangeRateRow).values(values)
                upsert = statement.on_conflict_do_update(
                    index_elements=["source", "day", "base", "currency"],
                    set_={"rate": statement.excluded.rate},
                    where=ExchangeRateRow.rate.is_distinct_from(statement.excluded.rate),
                )
                changed += len(session.execute(upsert.returning(ExchangeRateRow.day)).all())
            detail = {"rates": len(rates), "changed": changed}
            write_audit(session, actor, "rates.imported", source, detail)
        return changed

    def list(
        self, source: str, currencies: Collection[str], first: date, last: date
    ) -> Sequence[ExchangeRate]:
        """Return a source's rates that name some currencies, of days of a range, oldest first."""
        query = (
            select(*columns(ExchangeRateRow, ExchangeRate))
            .where(
                ExchangeRateRow.source == source,
                ExchangeRateRow.day >= first,
                ExchangeRateRow.day <= last,
                or_(ExchangeRateRow.base.in_(currencies), ExchangeRateRow.currency.in_(currencies)),
            )
            .order_by(ExchangeRateRow.day)
        )
        with self._transaction() as session:
            return [ExchangeRate(*row) for row in session.execute(query)]
