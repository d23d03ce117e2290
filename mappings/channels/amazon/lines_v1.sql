-- One line an amount, from settlement flat file V1 (33 or 36 columns, up to nine amounts a row).
-- grain: document row and amount column; key: row, part
-- in: document_rows (row, and the file's columns as text); macros money, instant
-- V1 states units on a row of their own that has no amount. They go onto the item's Principal row,
-- first to first; units that find none stay as a line of amount zero, so that none are lost.
WITH base AS (
    SELECT *,
        row_number() OVER (
            PARTITION BY "transaction-type", "order-id", "order-item-code", sku,
                "quantity-purchased" IS NOT NULL, "price-type" = 'Principal'
            ORDER BY row
        ) AS occurrence
    FROM document_rows
    WHERE "total-amount" IS NULL
),

units AS (
    SELECT * FROM base WHERE "quantity-purchased" IS NOT NULL
),

amounts AS (
    SELECT *,
        unnest([
            {part: 'price', word: "price-type", text: "price-amount"},
            {part: 'item-related-fee', word: "item-related-fee-type", text: "item-related-fee-amount"},
            {part: 'shipment-fee', word: "shipment-fee-type", text: "shipment-fee-amount"},
            {part: 'order-fee', word: "order-fee-type", text: "order-fee-amount"},
            {part: 'promotion', word: "promotion-type", text: "promotion-amount"},
            {part: 'direct-payment', word: "direct-payment-type", text: "direct-payment-amount"},
            {part: 'misc-fee', word: NULL, text: "misc-fee-amount"},
            {part: 'other-fee', word: "other-fee-reason-description", text: "other-fee-amount"},
            {part: 'other', word: NULL, text: "other-amount"}
        ]) AS amount_of
    FROM base
),

fields AS (
    SELECT
        a.row,
        a.amount_of.part AS part,
        a.amount_of.word AS word,
        money(a.amount_of.text) AS amount,
        TRY_CAST(coalesce(own."quantity-purchased", u."quantity-purchased") AS INTEGER) AS quantity,
        a."transaction-type", a."marketplace-name", a."order-id", a."order-item-code", a.sku,
        a."posted-date", a."promotion-id", a."fulfillment-id"
    FROM amounts AS a
    LEFT JOIN units AS own
        ON own.row = a.row AND a.amount_of.part = 'price' AND a.amount_of.word = 'Principal'
    LEFT JOIN units AS u
        ON a.amount_of.part = 'price' AND a.amount_of.word = 'Principal'
        AND a."quantity-purchased" IS NULL
        AND u."price-amount" IS NULL
        AND u."transaction-type" = a."transaction-type"
        AND u."order-id" IS NOT DISTINCT FROM a."order-id"
        AND u."order-item-code" IS NOT DISTINCT FROM a."order-item-code"
        AND u.sku IS NOT DISTINCT FROM a.sku
        AND u.occurrence = a.occurrence
    WHERE a.amount_of.text IS NOT NULL
    UNION ALL
    SELECT
        u.row, 'units', 'Principal', 0.0000, TRY_CAST(u."quantity-purchased" AS INTEGER),
        u."transaction-type", u."marketplace-name", u."order-id", u."order-item-code", u.sku,
        u."posted-date", u."promotion-id", u."fulfillment-id"
    FROM units AS u
    ANTI JOIN base AS p
        ON p."price-type" = 'Principal'
        AND p."transaction-type" = u."transaction-type"
        AND p."order-id" IS NOT DISTINCT FROM u."order-id"
        AND p."order-item-code" IS NOT DISTINCT FROM u."order-item-code"
        AND p.sku IS NOT DISTINCT FROM u.sku
        AND (p.row = u.row OR (p."quantity-purchased" IS NULL AND p.occurrence = u.occurrence))
)

SELECT
    row,
    part,
    "transaction-type" AS transaction_type,
    concat_ws(' / ', "transaction-type", CASE part WHEN 'units' THEN 'price' ELSE part END, word)
        AS source_type,
    "marketplace-name" AS marketplace,
    "order-id" AS order_id,
    "order-item-code" AS order_item_id,
    sku,
    quantity,
    instant("posted-date") AS posted_at,
    amount,
    "promotion-id" AS description,
    "fulfillment-id" AS fulfilment
FROM fields
