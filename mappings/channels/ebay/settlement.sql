-- What eBay declares of a payout: its amount is what reaches the bank, after the payout's own fee.
-- grain: the payout; no row where the document has none
-- in: document_rows (operation, answer)
SELECT
    exact(answer->>'$.amount.value') AS declared,
    CAST(answer->>'$.transactionCount' AS INTEGER)
    + (coalesce(CAST(answer->>'$.totalFee.value' AS DECIMAL(19,4)), 0) <> 0)::INTEGER AS transactions,
    CASE
        WHEN answer->>'$.payoutStatus' IN ('INITIATED', 'SUCCEEDED', 'RETRYABLE_FAILED')
        THEN exact(answer->>'$.amount.value')
    END AS payout,
    CAST(answer->>'$.payoutDate' AS TIMESTAMPTZ) AS deposit_at,
    NULL::VARCHAR AS marketplace,
    NULL::DECIMAL(19,4) AS opening_balance,
    NULL::DECIMAL(19,4) AS closing_balance,
    coalesce(answer->>'$.payoutStatus' IN ('TERMINAL_FAILED', 'REVERSED'), false) AS failed
FROM document_rows
WHERE operation = 'getPayout'
