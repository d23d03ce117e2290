-- One line an amount, from settlement flat file V2 (23 or 24 columns, one amount a row).
-- grain: document row; key: row
-- in: document_rows (row, and the file's columns as text); macros money, instant, midnight
SELECT
    row,
    NULL::VARCHAR AS part,
    NULL::VARCHAR AS line_id,
    "transaction-type" AS transaction_type,
    NULL::VARCHAR AS settlement_id,
    concat_ws(' / ', "transaction-type", "amount-type", "amount-description") AS source_type,
    "marketplace-name" AS marketplace,
    "order-id" AS order_id,
    "order-item-code" AS order_item_id,
    sku,
    TRY_CAST("quantity-purchased" AS INTEGER) AS quantity,
    coalesce(instant("posted-date-time"), midnight("posted-date")) AS posted_at,
    money(amount) AS amount,
    "promotion-id" AS description,
    "fulfillment-id" AS fulfilment,
    NULL::VARCHAR AS ship_from,
    NULL::VARCHAR AS ship_to
FROM document_rows
WHERE "total-amount" IS NULL AND amount IS NOT NULL
