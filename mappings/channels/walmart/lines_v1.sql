-- One line an amount, from reconciliation report v1 (32 to 43 columns, one amount a row) or its
-- JSON form.
-- grain: document row; key: row, part
-- in: document_rows (row, and the report's columns as text); macros money, day; variables time_zone, currency
-- What a word means hangs on the transaction type and the amount type; where the latter is a
-- catch-all or missing, on the description too. PaymentSummary is no line: it says what was paid.
-- Where the lines sum to something else, Walmart carried a balance (`part` balance).
WITH base AS MATERIALIZED (
    SELECT
        row,
        regexp_replace("Transaction Type", '\s+', ' ', 'g') AS type,
        regexp_replace("Amount Type", '\s+', ' ', 'g') AS amount_type,
        regexp_replace("Transaction Description", '\s+', ' ', 'g') AS text_of,
        money("Amount") AS amount,
        money("Total Payable") AS payable,
        day("Transaction Posted Timestamp")::TIMESTAMP AT TIME ZONE getvariable('time_zone') AS posted_at,
        "Customer Order #" AS order_id,
        concat_ws('-', "Purchase Order #", "Purchase Order line #") AS order_item_id,
        "Partner Item Id" AS sku,
        TRY_CAST(TRY_CAST("Ship Qty" AS DOUBLE) AS INTEGER) AS quantity,
        concat_ws(
            ' · ', "Transaction Description", "Transaction Reason Description", "Partner Item Name"
        ) AS description,
        "Fulfillment Type" AS fulfilment,
        nullif(trim("Ship to State"), '') AS ship_to_region
    FROM document_rows
),

stated AS (
    SELECT
        *,
        lower(type) IN ('sale', 'refund') AND amount_type IS NOT NULL
        AND NOT contains(lower(amount_type), 'fee/reimbursement') AS is_plain
    FROM base
    WHERE amount IS NOT NULL AND lower(coalesce(type, '')) <> 'paymentsummary'
),

carried AS (
    SELECT
        min(row) AS row,
        min(posted_at) AS posted_at,
        min(payable) - coalesce((SELECT sum(amount) FROM stated), 0) AS amount
    FROM base
    WHERE lower(type) = 'paymentsummary'
)

SELECT
    row,
    NULL::VARCHAR AS part,
    NULL::VARCHAR AS line_id,
    NULL::VARCHAR AS settlement_id,
    concat_ws(
        ' / ', coalesce(type, '-'), coalesce(amount_type, '-'),
        CASE WHEN NOT is_plain THEN coalesce(text_of, '-') END
    ) AS source_type,
    NULL::VARCHAR AS marketplace,
    order_id,
    nullif(order_item_id, '') AS order_item_id,
    sku,
    CASE
        WHEN lower(type) = 'sale' AND lower(amount_type) = 'product price' THEN quantity
    END AS quantity,
    posted_at,
    amount::DECIMAL(19,4) AS amount,
    nullif(description, '') AS description,
    fulfilment,
    NULL::VARCHAR AS ship_from,
    CASE WHEN ship_to_region IS NOT NULL THEN
        CASE getvariable('currency') WHEN 'CAD' THEN 'CA' WHEN 'MXN' THEN 'MX' ELSE 'US' END
    END AS ship_to,
    ship_to_region
FROM stated
UNION ALL
SELECT
    row, 'balance', NULL, NULL, 'PaymentSummary / Carried balance', NULL, NULL, NULL, NULL, NULL,
    posted_at, amount::DECIMAL(19,4), 'Carried from or to another payment, not among its lines',
    NULL, NULL, NULL, NULL
FROM carried
WHERE amount <> 0
