-- grain: one settlement
-- key: connection, settlement_id
-- inputs: settlements, transactions, journal_lines, changed_settlements (those to compute)
WITH base AS (
    SELECT *
    FROM changed_settlements
    LEFT JOIN settlements USING (connection, settlement_id)
    LEFT JOIN (
        SELECT
            connection, settlement_id, min(currency) AS transaction_currency,
            sum(amount) AS normalised_total, count(*) AS lines
        FROM transactions
        SEMI JOIN changed_settlements USING (connection, settlement_id)
        WHERE payout_id IS NULL
        GROUP BY connection, settlement_id
    ) USING (connection, settlement_id)
    LEFT JOIN (
        SELECT
            connection, settlement_id, min(currency) AS journal_currency,
            sum(amount) AS journalled_total, bool_or(held_reason IS NOT NULL) AS held
        FROM journal_lines
        SEMI JOIN changed_settlements USING (connection, settlement_id)
        WHERE category = 'clearing' AND part = 'activity'
        GROUP BY connection, settlement_id
    ) USING (connection, settlement_id)
),
fields AS (
    SELECT
        connection, settlement_id,
        coalesce(currency, transaction_currency, journal_currency) AS currency,
        declared_total, raw_total, payout_amount, document IS NOT NULL AS has_statement,
        coalesce(closed, false) AS closed, coalesce(held, false) AS held,
        coalesce(normalised_total, 0) AS normalised_total,
        coalesce(journalled_total, 0) AS journalled_total,
        -- booked by settlement, one that is not paid out has no entry yet
        CASE WHEN closed OR journalled_total IS NOT NULL THEN coalesce(journalled_total, 0) END
            AS compared_total,
        coalesce(lines, 0) AS lines,
        -- what a channel that keeps a balance left behind is not paid out, what it brought is
        CASE WHEN closed THEN
            payout_amount + coalesce(closing_balance, 0) - coalesce(opening_balance, 0)
        END AS paid_total
    FROM base
    WHERE currency IS NOT NULL OR transaction_currency IS NOT NULL OR journal_currency IS NOT NULL
),
final AS (
    SELECT
        connection, settlement_id, currency, declared_total, raw_total, normalised_total,
        journalled_total, payout_amount,
        greatest(declared_total, raw_total, normalised_total, compared_total, paid_total)
            - least(declared_total, raw_total, normalised_total, compared_total, paid_total)
            AS difference,
        lines,
        CASE
            WHEN NOT has_statement THEN 'missing'
            WHEN held THEN 'held'
            WHEN difference <> 0 THEN 'different'
            WHEN NOT closed THEN 'open'
            ELSE 'tied'
        END AS state
    FROM fields
)
SELECT * FROM final
