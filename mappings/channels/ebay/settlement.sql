-- What eBay declares of a payout: its amount is what reaches the bank, after the payout's own fee.
-- grain: the payout; no row where the document has none
-- in: document_rows (operation, answer)
-- A payout that is split over two accounts (sellers in mainland China) is two of eBay's: their
-- amounts sum to its transactions, which each of the two counts in full.
SELECT
    sum(exact(answer->>'$.amount.value')) AS declared,
    max(CAST(answer->>'$.transactionCount' AS INTEGER))
    + count(*) FILTER (
        coalesce(CAST(answer->>'$.totalFee.value' AS DECIMAL(19,4)), 0) <> 0
    )::INTEGER AS transactions,
    sum(exact(answer->>'$.amount.value')) FILTER (
        answer->>'$.payoutStatus' IN ('INITIATED', 'SUCCEEDED', 'RETRYABLE_FAILED')
    ) AS payout,
    max(CAST(answer->>'$.payoutDate' AS TIMESTAMPTZ)) AS deposit_at,
    NULL::VARCHAR AS marketplace,
    NULL::DECIMAL(19,4) AS opening_balance,
    NULL::DECIMAL(19,4) AS closing_balance,
    coalesce(
        bool_and(answer->>'$.payoutStatus' IN ('TERMINAL_FAILED', 'REVERSED')), false
    ) AS failed
FROM document_rows
WHERE operation = 'getPayout'
HAVING count(*) > 0
