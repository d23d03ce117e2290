-- One line an amount, from the entries of an Etsy shop's payment account.
-- grain: ledger entry and what it says; key: line_id, part
-- in: document_rows (operation, answer); macros minor, place; variables currency, coin, time_zone
-- Entries are in the order of their sequence, each once: a page may repeat what moved while it was
-- read. What the buyer paid holds the sales tax that Etsy collects, and an entry of its own takes it
-- out again: that becomes three lines, so that sales are without tax and the tax nets to zero.
-- Payouts are not lines: they close settlements; one that the bank returned is a line.
WITH listed AS (
    SELECT unnest(json_extract(answer, '$.results[*]')) AS e
    FROM document_rows
    WHERE operation = 'getShopPaymentAccountLedgerEntries'
),

entries AS (
    SELECT
        (e->>'$.entry_id') AS line_id,
        CAST(e->>'$.sequence_number' AS BIGINT) AS sequence,
        e->>'$.ledger_type' AS type,
        minor(e->>'$.amount') AS amount,
        to_timestamp(CAST(coalesce(e->>'$.created_timestamp', e->>'$.create_date') AS BIGINT)) AS posted_at,
        e->>'$.description' AS description,
        e->>'$.reference_type' AS reference_type,
        nullif(e->>'$.reference_id', '0') AS reference_id
    FROM listed
    QUALIFY row_number() OVER (PARTITION BY e->>'$.entry_id') = 1
),

numbered AS (
    SELECT
        *,
        row_number() OVER (ORDER BY sequence)::INTEGER AS row,
        CAST(posted_at AT TIME ZONE getvariable('time_zone') AS DATE) AS posted_on,
        upper(type) IN ('DISBURSE', 'DISBURSE2') AS is_payout
    FROM entries
),

stated AS (
    SELECT
        *,
        unnest(CASE
            WHEN lower(type) IN ('sales_tax', 'sales_tax_refund', 'sales_tax_refund_entry') THEN [
                {part: NULL, word: NULL, value: amount},
                {part: 'collected', word: 'collected', value: -amount},
                {part: 'sale', word: 'out of the sale', value: amount}
            ]
            ELSE [{part: NULL, word: NULL, value: amount}]
        END) AS stated
    FROM numbered
    WHERE NOT is_payout
)

SELECT
    row,
    stated.part AS part,
    line_id,
    place(posted_on, row) AS place,
    concat_ws(' / ', 'ledger', type, stated.word) AS source_type,
    NULL::VARCHAR AS marketplace,
    CASE WHEN reference_type = 'receipt' THEN reference_id END AS order_id,
    NULL::INTEGER AS quantity,
    posted_at,
    CAST(stated.value AS DECIMAL(19,4)) AS amount,
    concat_ws(' · ', nullif(description, type), concat_ws(' ', reference_type, reference_id)) AS description
FROM stated
ORDER BY row, stated.part NULLS FIRST
