-- Money lines of a document of TikTok Shop's answers (`connectors.channels.api_formats`).
-- grain: an amount of a transaction; key: line_id, part
-- in: document_rows (line, operation, answer); macros exact; variables settlement_id
-- Every amount is signed from the seller's side and the leaves of the three trees are added up; no
-- total of a branch is, unless it has no leaves. Some leaves say once more what others say: they
-- count only where the branch's total is short of just that. A correction stands in settlement_amount
-- and in adjustment_amount: it is one. Of tax that TikTok Shop collects and remits, what is beside
-- the amounts is shown as it came in and as it was withheld; what the sale's price holds is taken
-- out of the sale too, so that sales are without it and it nets to nothing.
WITH listed AS (
    SELECT unnest(json_extract(answer, '$.transactions[*]')) AS t
    FROM document_rows
    WHERE operation = 'getStatementTransactions'
),

extracted AS (
    -- All at once: a transaction is long, and is read once for all that is wanted of it.
    SELECT
        row_number() OVER ()::INTEGER AS row,
        json_extract_string(t, [
            '$.id',
            '$.type',
            '$.order_id',
            '$.adjustment_id',
            '$.adjustment_order_id',
            '$.reserve_id',
            '$.associated_order_id',
            '$.reserve_status',
            '$.settlement_amount',
            '$.adjustment_amount',
            '$.reserve_amount',
            '$.supplementary_component.sales_tax_amount',
            '$.supplementary_component.retail_delivery_fee_amount',
            '$.revenue_amount',
            '$.revenue_breakdown',
            '$.shipping_cost_amount',
            '$.shipping_cost_breakdown',
            '$.fee_tax_amount',
            '$.fee_tax_breakdown.fee',
            '$.fee_tax_breakdown.tax'
        ]) AS s
    FROM listed
),

statement AS (
    SELECT
        date_trunc('day', to_timestamp(CAST(answer->>'$.statement_time' AS BIGINT)))
        - INTERVAL 12 HOUR AS posted_at
    FROM document_rows
    WHERE operation = 'getStatements' AND NOT starts_with(getvariable('settlement_id'), 'open-')
),

base AS MATERIALIZED (
    SELECT
        row,
        s[1] AS id,
        coalesce(nullif(s[2], ''), 'no type') AS type,
        coalesce(nullif(s[3], ''), nullif(s[5], ''), nullif(s[7], '')) AS order_id,
        coalesce('Adjustment ' || nullif(s[4], ''), 'Reserve ' || nullif(s[6], '')) AS description,
        coalesce(nullif(upper(s[8]), ''), 'no status') AS reserve_status,
        list_transform(
            s[9:13], lambda amount: coalesce(exact(nullif(trim(amount), '')), 0)
        ) AS amounts,
        s[14:20] AS trees
    FROM extracted
),

branches AS (
    SELECT
        row,
        unnest(['revenue_amount', 'shipping_cost_amount', 'fee_tax_amount', 'fee_tax_amount'])
            AS branch,
        unnest([trees[1], trees[3], trees[5], trees[5]]) AS total,
        unnest([trees[2], trees[4], trees[6], trees[7]]) AS leaves,
        -- A branch without children is a leaf.
        unnest([trees[1], trees[3], trees[5], NULL]) AS whole
    FROM base
),

entries AS (
    SELECT
        row,
        branch,
        total,
        unnest(list_append(map_keys(leaves), branch)) AS name,
        unnest(list_append(map_values(leaves), whole)) AS value
    FROM (
        SELECT * REPLACE (CAST(CAST(leaves AS JSON) AS MAP(VARCHAR, VARCHAR)) AS leaves)
        FROM branches
    )
),

leaves AS (
    SELECT
        row,
        branch,
        exact(trim(total)) AS total,
        name,
        exact(trim(value)) AS value,
        name = branch AS whole,
        name = branch OR contains(name, 'before_pit') OR name IN (
            'affiliate_commission_deposit',
            'affiliate_commission_release',
            'pit_withheld_from_ads_commission_amount',
            'retail_delivery_fee_amount',
            'retail_delivery_fee_payment_amount',
            'retail_delivery_fee_refund_amount',
            'sales_tax_amount',
            'sales_tax_payment_amount',
            'sales_tax_refund_amount',
            'tiktok_shop_shipping_incentive_amount'
        ) AS repeats
    FROM entries
    -- Zeros are left out, and so are the children of a leaf.
    WHERE value <> '0' AND regexp_matches(value, '^[^{]*[1-9]')
),

counted AS (
    SELECT
        row,
        name,
        value,
        name IN ('vat_amount', 'import_vat_amount', 'local_vat_amount', 'gst_amount', 'sst_amount')
            AS in_price
    FROM leaves
    WINDOW branches AS (PARTITION BY row, branch)
    QUALIFY CASE
        WHEN whole THEN count(*) OVER branches = 1
        WHEN repeats
        THEN value = total - coalesce(sum(value) FILTER (WHERE NOT repeats) OVER branches, 0)
        ELSE true
    END
),

parts AS (
    -- Tax within the price is booked as withheld, as collected, and out of the sale.
    SELECT
        row,
        unnest(CASE WHEN in_price THEN ['', '.collected', '.sale'] ELSE [''] END) AS leg,
        unnest(CASE WHEN in_price THEN ['', ' / collected', ' / out of the sale'] ELSE [''] END)
            AS suffix,
        unnest(CASE WHEN in_price THEN [value, -value, value] ELSE [value] END) AS amount,
        name
    FROM counted
),

stated AS (
    SELECT row, name || leg AS part, name || suffix AS label, amount FROM parts
    UNION ALL
    -- Tax outside the amounts, corrections, the reserve.
    SELECT row, part, label, amount
    FROM (
        SELECT
            row,
            unnest([
                'sales_tax.in', 'sales_tax.out', 'delivery_fee.in', 'delivery_fee.out',
                'adjustment', 'reserve'
            ]) AS part,
            unnest([
                'sales_tax_amount / collected',
                'sales_tax_amount / remitted',
                'retail_delivery_fee_amount / collected',
                'retail_delivery_fee_amount / remitted',
                CASE WHEN type = 'ORDER' THEN 'adjustment_amount' END,
                reserve_status
            ]) AS label,
            unnest([
                amounts[4], -amounts[4], amounts[5], -amounts[5], amounts[2], amounts[3]
            ]) AS amount
        FROM base
    )
    WHERE amount <> 0
),

-- A transaction without a breakdown is one line of its settlement amount.
whole AS (
    SELECT
        base.*,
        part,
        CASE
            WHEN amount IS NOT NULL THEN label
            WHEN type = 'ORDER' AND amounts[1] = 0 THEN 'subtotal_before_discount_amount'
        END AS label,
        coalesce(amount, amounts[1]) AS amount
    FROM base
    LEFT JOIN stated USING (row)
)

SELECT
    row,
    part,
    id AS line_id,
    NULL::VARCHAR AS settlement_id,
    concat_ws(' / ', CASE WHEN part = 'reserve' THEN 'RESERVE' ELSE type END, label) AS source_type,
    NULL::VARCHAR AS marketplace,
    order_id,
    NULL::VARCHAR AS order_item_id,
    NULL::VARCHAR AS sku,
    NULL::INTEGER AS quantity,
    posted_at,
    CAST(amount AS DECIMAL(19,4)) AS amount,
    description,
    NULL::VARCHAR AS fulfilment,
    NULL::VARCHAR AS ship_from,
    NULL::VARCHAR AS ship_to
FROM whole
CROSS JOIN statement
ORDER BY row, part
