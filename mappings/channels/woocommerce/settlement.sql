-- What WooPayments declares of a deposit, which is what reaches the bank: minor units, and a date.
-- Of a month of orders nothing is declared and nothing is paid out; it begins when the month does.
-- grain: the deposit or the month; no row where the document is neither
-- in: document_rows (operation, answer); macros minor
WITH deposits AS (
    SELECT
        answer->>'$.status' AS status,
        CAST(answer->>'$.date' AS BIGINT) AS milliseconds,
        CASE answer->>'$.type' WHEN 'withdrawal' THEN -abs(minor(answer->>'$.amount'))
            ELSE minor(answer->>'$.amount') END AS amount
    FROM document_rows
    WHERE operation = 'deposits'
)

SELECT
    amount AS declared,
    NULL::INTEGER AS transactions,
    CASE status WHEN 'paid' THEN amount END AS payout,
    epoch_ms(milliseconds + CASE WHEN milliseconds % 86400000 = 0 THEN 43200000 ELSE 0 END)
        AT TIME ZONE 'UTC' AS deposit_at,
    NULL::VARCHAR AS marketplace,
    NULL::DECIMAL(19,4) AS opening_balance,
    NULL::DECIMAL(19,4) AS closing_balance,
    coalesce(status IN ('failed', 'canceled'), false) AS failed
FROM deposits
UNION ALL
SELECT NULL, NULL, NULL, CAST(answer->>'$.begins' AS TIMESTAMPTZ), NULL, NULL, NULL, false
FROM document_rows
WHERE operation = 'window' AND answer->>'$.begins' IS NOT NULL
