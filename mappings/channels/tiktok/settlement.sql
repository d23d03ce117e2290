-- The declared total of a statement: its settlement amount, with changes of the reserve.
-- grain: the statement; no row where the document is the list of statements
-- in: document_rows (line, operation, answer); macros exact
-- A payment says when it was paid; where none can be listed, the statement does. One that failed,
-- or is on its way, has paid nothing yet. A statement that comes to nothing has nothing to pay.
WITH page AS (
    SELECT
        CAST(answer->>'$.total_count' AS INTEGER) AS transactions,
        coalesce(
            exact(nullif(answer->>'$.payable_amount', '')),
            exact(answer->>'$.total_settlement_amount')
            + coalesce(exact(nullif(answer->>'$.total_reserve_amount', '')), 0)
        )::DECIMAL(19,4) AS payable
    FROM document_rows
    WHERE operation = 'getStatementTransactions'
    ORDER BY line
    LIMIT 1
),

statement AS (
    SELECT
        answer->>'$.payment_status' AS status,
        CAST(answer->>'$.statement_time' AS BIGINT) AS made,
        CAST(answer->>'$.payment_time' AS BIGINT) AS paid
    FROM document_rows
    WHERE operation = 'getStatements'
),

payment AS (
    SELECT answer->>'$.status' AS status, CAST(answer->>'$.paid_time' AS BIGINT) AS paid
    FROM document_rows
    WHERE operation = 'getPayments'
)

SELECT
    page.payable AS declared,
    page.transactions,
    CASE
        WHEN page.payable = 0 OR coalesce(payment.status, statement.status) IN ('PAID', 'SETTLED')
        THEN page.payable
    END AS payout,
    to_timestamp(coalesce(nullif(payment.paid, 0), nullif(statement.paid, 0), statement.made))
        AS deposit_at,
    NULL::VARCHAR AS marketplace,
    NULL::DECIMAL(19,4) AS opening_balance,
    NULL::DECIMAL(19,4) AS closing_balance,
    coalesce(coalesce(payment.status, statement.status) = 'FAILED', false) AS failed
FROM page
CROSS JOIN statement
LEFT JOIN payment ON true
