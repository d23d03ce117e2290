-- What Amazon declares of days that no settlement covers yet: nothing.
-- grain: no row; in: document_rows
SELECT
    NULL::DECIMAL(19,4) AS declared,
    NULL::INTEGER AS transactions,
    NULL::DECIMAL(19,4) AS payout,
    NULL::TIMESTAMPTZ AS deposit_at,
    NULL::VARCHAR AS marketplace,
    NULL::DECIMAL(19,4) AS opening_balance,
    NULL::DECIMAL(19,4) AS closing_balance,
    false AS failed
FROM document_rows
WHERE false
