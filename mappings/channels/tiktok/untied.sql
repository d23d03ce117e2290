-- The first transaction whose lines do not sum to its settlement amount.
-- grain: one transaction at most; in: document_rows (operation, answer), counted_lines (the lines)
WITH listed AS (
    SELECT unnest(json_extract(answer, '$.transactions[*]')) AS t
    FROM document_rows
    WHERE operation = 'getStatementTransactions'
),

declared AS (
    SELECT
        t->>'$.id' AS line_id,
        sum(
            coalesce(exact(nullif(trim(t->>'$.settlement_amount'), '')), 0)
            + coalesce(exact(nullif(trim(t->>'$.reserve_amount'), '')), 0)
        )::DECIMAL(19,4) AS amount
    FROM listed
    GROUP BY 1
),

computed AS (
    SELECT line_id, sum(amount)::DECIMAL(19,4) AS amount FROM counted_lines GROUP BY 1
)

SELECT line_id, declared.amount AS declared, computed.amount AS computed
FROM declared
JOIN computed USING (line_id)
WHERE declared.amount <> computed.amount
ORDER BY line_id
LIMIT 1
