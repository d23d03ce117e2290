-- What Shopify declares of a payout: the net of the transactions that it has taken.
-- grain: the payout; no row where the document has none
-- in: document_rows (operation, answer); macros exact
-- A withdrawal is taken from the seller's bank, whichever sign its net is written with. A payout
-- that is scheduled has not left. One that failed has left and comes back as a line of a later
-- payout, unless its transactions have moved there themselves, or it says itself that it came back.
WITH payout AS (
    SELECT
        answer->>'$.legacyResourceId' AS number,
        answer->>'$.status' AS status,
        exact(answer->>'$.net.amount') AS net,
        answer->>'$.transactionType' = 'WITHDRAWAL' AS is_withdrawal,
        CAST(answer->>'$.issuedAt' AS TIMESTAMPTZ) AS issued_at
    FROM document_rows
    WHERE operation = 'payouts'
),

listed AS (
    SELECT unnest(json_extract(answer, '$[*]')) AS t
    FROM document_rows
    WHERE operation = 'balanceTransactions'
),

own AS (
    SELECT
        t->>'$.type' = 'TRANSFER' AS is_sent,
        starts_with(t->>'$.type', 'TRANSFER_')
        AND coalesce(t->>'$.sourceId', '')
        = regexp_extract(t->>'$.associatedPayout.id', '(\d+)$', 1) AS is_returned
    FROM listed
    WHERE NOT CAST(t->>'$.test' AS BOOLEAN)
),

taken AS (
    SELECT
        count(*) FILTER (NOT is_sent AND NOT is_returned) AS transactions,
        count(*) FILTER (is_returned) AS returned
    FROM own
),

stated AS (
    SELECT
        p.*,
        CASE WHEN is_withdrawal THEN -abs(net) ELSE net END AS signed,
        status IN ('FAILED', 'CANCELED') AND transactions = 0 AS is_moved,
        returned > 0 AS is_returned
    FROM payout AS p
    CROSS JOIN taken
)

SELECT
    CASE WHEN is_moved THEN 0 ELSE signed END::DECIMAL(19,4) AS declared,
    NULL::INTEGER AS transactions,
    CASE
        WHEN status <> 'SCHEDULED' AND NOT is_moved AND NOT is_returned THEN signed
    END::DECIMAL(19,4) AS payout,
    issued_at AS deposit_at,
    NULL::VARCHAR AS marketplace,
    NULL::DECIMAL(19,4) AS opening_balance,
    NULL::DECIMAL(19,4) AS closing_balance,
    coalesce(status IN ('FAILED', 'CANCELED') OR is_returned, false) AS failed
FROM stated
