-- One line an amount, from settlement flat file V1 (33 or 36 columns, up to nine amounts a row).
-- grain: document row and amount column; key: row, part
-- in: document_rows (row, and the file's columns as text); macros money, midnight
-- V1 states an item's units on a row of their own that has no amount. They go onto the item's
-- Principal row, first to first; units that find none stay as a line of amount zero, so that none
-- are lost. Units beside an amount stay with the first amount of their row.
WITH amounts AS (
    SELECT
        *,
        TRY_CAST("quantity-purchased" AS INTEGER) AS units,
        list_filter([
            {part: 'price', label: "price-type", text: "price-amount"},
            {part: 'item-related-fee', label: "item-related-fee-type", text: "item-related-fee-amount"},
            {part: 'shipment-fee', label: "shipment-fee-type", text: "shipment-fee-amount"},
            {part: 'order-fee', label: "order-fee-type", text: "order-fee-amount"},
            {part: 'promotion', label: "promotion-type", text: "promotion-amount"},
            {part: 'direct-payment', label: "direct-payment-type", text: "direct-payment-amount"},
            {part: 'misc-fee', label: NULL, text: "misc-fee-amount"},
            {part: 'other-fee', label: "other-fee-reason-description", text: "other-fee-amount"},
            {part: 'other', label: NULL, text: "other-amount"}
        ], lambda a: a.text IS NOT NULL) AS amounts
    FROM document_rows
    WHERE "total-amount" IS NULL
),

base AS (
    SELECT
        *,
        units IS NOT NULL AND len(amounts) = 0 AS is_units,
        units IS NULL AND "price-amount" IS NOT NULL AND "price-type" = 'Principal' AS is_principal,
        row_number() OVER (
            PARTITION BY "transaction-type", "order-id", "order-item-code", sku,
                is_units, is_principal
            ORDER BY row
        ) AS occurrence
    FROM amounts
),

paired AS (
    SELECT u.row AS units_row, p.row AS principal_row, u.units
    FROM base AS u
    JOIN base AS p
        ON u.is_units
        AND p.is_principal
        AND p."transaction-type" = u."transaction-type"
        AND p."order-id" IS NOT DISTINCT FROM u."order-id"
        AND p."order-item-code" IS NOT DISTINCT FROM u."order-item-code"
        AND p.sku IS NOT DISTINCT FROM u.sku
        AND p.occurrence = u.occurrence
),

stated AS (
    SELECT b.*, unnest(b.amounts) AS stated, p.units AS paired_units
    FROM base AS b
    LEFT JOIN paired AS p ON p.principal_row = b.row
    WHERE len(b.amounts) > 0
    UNION ALL
    SELECT b.*, {part: 'units', label: 'Principal', text: '0'}, b.units
    FROM base AS b
    ANTI JOIN paired AS p ON p.units_row = b.row
    WHERE b.is_units
)

SELECT
    row,
    stated.part AS part,
    NULL::VARCHAR AS line_id,
    "transaction-type" AS transaction_type,
    NULL::VARCHAR AS settlement_id,
    concat_ws(
        ' / ', "transaction-type", CASE stated.part WHEN 'units' THEN 'price' ELSE stated.part END,
        stated.label
    ) AS source_type,
    "marketplace-name" AS marketplace,
    "order-id" AS order_id,
    "order-item-code" AS order_item_id,
    sku,
    CASE
        WHEN stated.part = 'units' OR stated.part = amounts[1].part THEN coalesce(units, paired_units)
    END AS quantity,
    midnight("posted-date") AS posted_at,
    CASE stated.part WHEN 'units' THEN 0 ELSE money(stated.text) END AS amount,
    "promotion-id" AS description,
    "fulfillment-id" AS fulfilment,
    NULL::VARCHAR AS ship_from,
    NULL::VARCHAR AS ship_to
FROM stated
ORDER BY row, stated.part
