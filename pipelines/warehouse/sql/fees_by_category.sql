-- grain: one connection, business day, currency and fee category
-- key: connection, business_date, currency, category
-- inputs: transactions, changed_days (the days to compute)
WITH base AS (
    SELECT *
    FROM transactions
    SEMI JOIN changed_days USING (connection, business_date)
    WHERE payout_id IS NULL
),
fields AS (
    SELECT connection, business_date, currency, category, amount
    FROM base
    WHERE starts_with(category, 'fee.')
),
final AS (
    SELECT
        connection, business_date, currency, category,
        sum(amount) AS amount, count(*) AS lines
    FROM fields
    GROUP BY connection, business_date, currency, category
)
SELECT * FROM final
