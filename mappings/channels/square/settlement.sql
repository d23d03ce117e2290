-- What Square declares of a payout: the sum of its entries, which is what leaves for the bank.
-- grain: the payout; no row where the document has none
-- in: document_rows (operation, answer); macros minor
-- A negative payout is taken from the seller's bank. One that the bank refused (FAILED) left the
-- balance too: its money comes back as an entry (RETURNED_PAYOUT) of a later payout.
SELECT
    minor(answer->>'$.amount_money.amount') AS declared,
    NULL::INTEGER AS transactions,
    minor(answer->>'$.amount_money.amount') AS payout,
    CAST(answer->>'$.created_at' AS TIMESTAMPTZ) AS deposit_at,
    answer->>'$.location_id' AS marketplace,
    NULL::DECIMAL(19,4) AS opening_balance,
    NULL::DECIMAL(19,4) AS closing_balance,
    coalesce(answer->>'$.status' = 'FAILED', false) AS failed
FROM document_rows
WHERE operation = 'ListPayouts'
