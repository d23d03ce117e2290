-- The entries of an Etsy shop's payment account as a chain: each balance is the one before and the amount.
-- grain: ledger entry, each once; key: row
-- in: document_rows (operation, answer); macro minor; variables coin, time_zone
WITH listed AS (
    SELECT unnest(json_extract(answer, '$.results[*]')) AS e
    FROM document_rows
    WHERE operation = 'getShopPaymentAccountLedgerEntries'
),

entries AS (
    SELECT
        e->>'$.entry_id' AS entry_id,
        CAST(e->>'$.sequence_number' AS BIGINT) AS sequence,
        e->>'$.currency' AS currency,
        upper(e->>'$.ledger_type') IN ('DISBURSE', 'DISBURSE2') AS is_payout,
        minor(e->>'$.amount') AS amount,
        minor(e->>'$.balance') AS balance,
        to_timestamp(CAST(coalesce(e->>'$.created_timestamp', e->>'$.create_date') AS BIGINT)) AS posted_at
    FROM listed
    QUALIFY row_number() OVER (PARTITION BY e->>'$.entry_id') = 1
)

SELECT
    row_number() OVER (ORDER BY sequence)::INTEGER AS row,
    entry_id,
    currency,
    is_payout,
    amount,
    balance,
    posted_at,
    CAST(posted_at AT TIME ZONE getvariable('time_zone') AS DATE) AS posted_on,
    balance - amount - lag(balance) OVER (ORDER BY sequence) AS gap
FROM entries
ORDER BY sequence
