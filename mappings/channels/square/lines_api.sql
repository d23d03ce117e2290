-- Money lines of a document of Square's answers (`connectors.channels.api_formats`).
-- grain: an amount of a payout's entry, or of a payment or refund that no payout took
-- key: line_id, part; in: document_rows (operation, answer); macros minor; variables currency,
-- settlement_id
-- A payout's entries are its money: gross, and Square's fee, which is positive where it costs. The
-- payment that an entry names says what of the gross is a tip, and its order what of it is tax,
-- service charge or a gift card; the rest is what was sold, so that nothing is rounded. An order
-- paid in several ways has one tender that bears these: the largest. A tender that goes past
-- Square's balance (cash, other gateways, gift cards) stands against the sale that it pays.
WITH answers AS MATERIALIZED (
    SELECT operation, answer AS a
    FROM document_rows
    WHERE CASE
        WHEN coalesce(
            a->>'$.gross_amount_money.currency', a->>'$.gross_amount_money.currency_code',
            a->>'$.amount_money.currency', a->>'$.amount_money.currency_code'
        ) <> getvariable('currency')
        THEN error(concat(a->>'$.id', ' is not in ', getvariable('currency'))) ELSE true
    END
),

-- Amounts are minor units up to the end, where they are made money once.
orders AS (
    SELECT
        a->>'$.id' AS order_id,
        list_sort(list_transform(json_extract(a, '$.tenders[*]'), lambda t: {
            less: -CAST(t->>'$.amount_money.amount' AS BIGINT),
            payment_id: coalesce(t->>'$.payment_id', t->>'$.id')
        }))[1].payment_id AS bearer,
        a->>'$.returns[0].source_order_id' AS sold_by,
        CAST(a->>'$.return_amounts.total_money.amount' AS BIGINT) AS back,
        CAST(coalesce(a->>'$.return_amounts.tip_money.amount', '0') AS BIGINT) AS tip_back,
        CAST(coalesce(
            a->>'$.return_amounts.tax_money.amount', a->>'$.total_tax_money.amount', '0'
        ) AS BIGINT) AS tax,
        CAST(coalesce(
            a->>'$.return_amounts.service_charge_money.amount',
            a->>'$.total_service_charge_money.amount',
            '0'
        ) AS BIGINT) AS service,
        coalesce(list_sum(list_transform(
            list_filter(
                list_concat(
                    json_extract(a, '$.line_items[*]'),
                    json_extract(a, '$.returns[*].return_line_items[*]')
                ),
                lambda i: i->>'$.item_type' = 'GIFT_CARD'
            ),
            lambda i: CAST(i->>'$.total_money.amount' AS BIGINT)
        )), 0) AS gift_card
    FROM answers
    WHERE operation = 'BatchRetrieveOrders'
),

-- Payments and refunds alike; what a refund gives back is negative.
sales AS (
    SELECT
        CASE operation WHEN 'ListPayments' THEN 'CHARGE' ELSE 'REFUND' END AS type,
        CASE operation WHEN 'ListPayments' THEN 1 ELSE -1 END AS sign,
        a->>'$.id' AS id,
        CAST(coalesce(
            a->>'$.card_details.card_payment_timeline.captured_at', a->>'$.created_at'
        ) AS TIMESTAMPTZ) AS posted_at,
        a->>'$.order_id' AS order_id,
        a->>'$.location_id' AS location,
        CAST(coalesce(a->>'$.total_money.amount', a->>'$.amount_money.amount') AS BIGINT) AS total,
        CAST(coalesce(a->>'$.tip_money.amount', '0') AS BIGINT) AS tip,
        -coalesce(list_sum(list_transform(
            json_extract(a, '$.processing_fee[*]'),
            lambda f: CAST(f->>'$.amount_money.amount' AS BIGINT)
        )), 0) AS fee,
        -CAST(coalesce(a->>'$.app_fee_money.amount', '0') AS BIGINT) AS app_fee,
        CASE
            WHEN coalesce(
                a->>'$.card_details.card.card_brand',
                a->>'$.destination_details.card_details.card.card_brand'
            ) = 'SQUARE_GIFT_CARD'
            THEN 'SQUARE_GIFT_CARD'
            WHEN coalesce(a->>'$.source_type', a->>'$.destination_type') IN ('CASH', 'EXTERNAL')
            THEN concat_ws(
                ' / ',
                coalesce(a->>'$.source_type', a->>'$.destination_type'),
                a->>'$.external_details.type'
            )
        END AS tender
    FROM answers
    WHERE operation IN ('ListPayments', 'ListPaymentRefunds')
),

-- A refund's own order names the one that was sold.
divided AS (
    SELECT
        s.* REPLACE (sign * total AS total, coalesce(o.sold_by, s.order_id) AS order_id),
        CASE s.type WHEN 'CHARGE' THEN o.bearer = s.id ELSE o.back = s.total END AS bears,
        CASE WHEN s.type = 'CHARGE' THEN s.tip WHEN bears THEN -o.tip_back ELSE 0 END AS tip_of,
        CASE WHEN bears THEN sign * o.tax ELSE 0 END AS tax,
        CASE WHEN bears THEN sign * o.service ELSE 0 END AS service,
        CASE WHEN bears THEN sign * o.gift_card ELSE 0 END AS gift_card
    FROM sales AS s
    LEFT JOIN orders AS o ON o.order_id = s.order_id
),

entries AS MATERIALIZED (
    SELECT
        a->>'$.id' AS entry_id,
        a->>'$.type' AS type,
        CAST(a->>'$.effective_at' AS TIMESTAMPTZ) AS posted_at,
        json_extract_string(a, concat(
            '$.type_', lower(a->>'$.type'),
            CASE a->>'$.type' WHEN 'REFUND' THEN '_details.refund_id' ELSE '_details.payment_id' END
        )) AS names,
        CAST(a->>'$.gross_amount_money.amount' AS BIGINT) AS gross,
        -CAST(coalesce(a->>'$.fee_amount_money.amount', '0') AS BIGINT) AS fee
    FROM answers
    WHERE operation = 'ListPayoutEntries'
),

-- A payment is charged once; what else Square books under its number stays undivided.
named AS (
    SELECT
        e.*,
        s.posted_at AS moved_at,
        s.order_id,
        s.tender,
        s.tip_of,
        s.tax,
        s.service,
        s.gift_card,
        e.type IN ('CHARGE', 'REFUND') AND e.names IS NOT NULL AND s.tender IS NULL
        AND row_number() OVER (
            PARTITION BY e.type, e.names ORDER BY e.posted_at, e.entry_id
        ) = 1 AS whole
    FROM entries AS e
    LEFT JOIN divided AS s
        ON s.id = e.names AND s.type = CASE e.type WHEN 'REFUND' THEN 'REFUND' ELSE 'CHARGE' END
),

payout AS (
    SELECT
        a->>'$.id' AS payout_id,
        a->>'$.type' AS type,
        a->>'$.location_id' AS location,
        CAST(a->>'$.created_at' AS TIMESTAMPTZ) AS posted_at,
        CAST(a->>'$.amount_money.amount' AS BIGINT) AS amount,
        list_transform(json_extract(a, '$.payout_fee[*]'), lambda f, i: {
            part: concat('fee', i),
            label: concat('PAYOUT_FEE / ', f->>'$.type'),
            value: -CAST(f->>'$.amount_money.amount' AS BIGINT)
        }) AS fees
    FROM answers
    WHERE operation = 'ListPayouts'
),

moves AS (
    SELECT
        CASE WHEN n.whole THEN n.names ELSE n.entry_id END AS line_id,
        CASE
            WHEN n.tender IS NOT NULL AND n.type IN ('CHARGE', 'REFUND')
            THEN concat('TENDER / ', n.tender) ELSE n.type
        END AS type,
        n.type AS fee_type,
        CASE WHEN n.whole AND n.type = 'CHARGE' THEN coalesce(n.moved_at, n.posted_at)
            ELSE n.posted_at END AS posted_at,
        n.order_id,
        p.location,
        n.gross AS total,
        n.fee,
        0 AS app_fee,
        NULL AS tender,
        CASE WHEN n.whole THEN coalesce(n.tip_of, 0) ELSE 0 END AS tip,
        CASE WHEN n.whole THEN coalesce(n.tax, 0) ELSE 0 END AS tax,
        CASE WHEN n.whole THEN coalesce(n.service, 0) ELSE 0 END AS service,
        CASE WHEN n.whole THEN coalesce(n.gift_card, 0) ELSE 0 END AS gift_card
    FROM named AS n, payout AS p
    UNION ALL
    SELECT
        id, type, type, posted_at, order_id, location, total, fee, app_fee, tender, tip_of, tax,
        service, gift_card
    FROM divided
    WHERE starts_with(getvariable('settlement_id'), 'open-')
),

-- Whether a payout's amount is before or after its own fee is not documented: its entries tell.
stated AS (
    SELECT
        line_id, location, order_id, posted_at,
        unnest([
            {part: NULL, label: type, value: total - tip - tax - service - gift_card},
            {part: 'tip', label: concat(type, ' / TIP'), value: tip},
            {part: 'tax', label: concat(type, ' / TAX'), value: tax},
            {part: 'service', label: concat(type, ' / SERVICE_CHARGE'), value: service},
            {part: 'gift_card', label: concat(type, ' / GIFT_CARD'), value: gift_card},
            {part: 'fee', label: concat(fee_type, ' / FEE'), value: fee},
            {part: 'app_fee', label: 'THIRD_PARTY_FEE', value: app_fee},
            {
                part: 'tender',
                label: concat('TENDER / ', tender),
                value: CASE WHEN tender IS NULL THEN 0 ELSE -total END
            }
        ]) AS entry
    FROM moves
    UNION ALL
    SELECT
        payout_id, location, NULL, posted_at,
        unnest(CASE
            WHEN type = 'SIMPLE' THEN [{part: NULL, label: 'PAYOUT / SIMPLE', value: amount}]
            WHEN (SELECT sum(gross + fee) FROM entries) - amount
                = -list_sum(list_transform(fees, lambda f: f.value))
            THEN fees
            ELSE []
        END)
    FROM payout
)

SELECT
    row_number() OVER (ORDER BY posted_at, line_id, entry.part NULLS FIRST)::INTEGER AS row,
    entry.part AS part,
    line_id,
    NULL::VARCHAR AS settlement_id,
    entry.label AS source_type,
    location AS marketplace,
    order_id,
    NULL::VARCHAR AS order_item_id,
    NULL::VARCHAR AS sku,
    NULL::INTEGER AS quantity,
    posted_at,
    minor(entry.value) AS amount,
    NULL::VARCHAR AS description,
    NULL::VARCHAR AS fulfilment,
    NULL::VARCHAR AS ship_from,
    NULL::VARCHAR AS ship_to
FROM stated
WHERE entry.value <> 0
