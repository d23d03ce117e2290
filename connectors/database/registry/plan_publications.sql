-- grain: one revision of an entry at a target
-- key: target, connection, business_date, currency, revision
-- inputs: publications, and the entries that the target should hold (arrays of equal length)
--
-- A posted entry of the same content is left alone. A draft (held, planned, failed) takes the
-- new content in place, or goes when what is posted has that content again. Everything else
-- gets a new revision; the posted one stays until the new one is posted. What a target holds of a
-- given entry is no longer withdrawn. One whose call is open while it is withdrawn is on its way out,
-- and may be gone by now: it is not called back, and the entry gets a new revision.
WITH given AS (
    SELECT *
    FROM unnest(
        CAST(:connections AS text[]),
        CAST(:dates AS date[]),
        CAST(:currencies AS text[]),
        CAST(:entries AS text[]),
        CAST(:hashes AS text[]),
        CAST(:held_reasons AS text[])
    ) AS t (connection, business_date, currency, entry_id, content_hash, message)
),

known AS (
    SELECT
        p.connection,
        p.business_date,
        p.currency,
        max(p.revision) AS revision,
        max(p.content_hash) FILTER (WHERE p.state = 'posted') AS posted_hash
    FROM registry.publications AS p
    WHERE p.target = :target AND p.connection = ANY(CAST(:connection_set AS text[]))
    GROUP BY p.connection, p.business_date, p.currency
),

decided AS (
    SELECT
        given.*,
        CASE WHEN given.message IS NULL THEN 'planned' ELSE 'held' END AS wanted_state,
        latest.id AS latest_id,
        coalesce(latest.revision, 0) AS revision,
        CASE
            WHEN latest.state IN ('held', 'planned', 'failed') THEN CASE
                WHEN known.posted_hash = given.content_hash THEN 'drop'
                WHEN
                    (latest.entry_id, latest.content_hash, latest.state, latest.message)
                    IS NOT DISTINCT FROM (
                        given.entry_id,
                        given.content_hash,
                        CASE WHEN given.message IS NULL THEN 'planned' ELSE 'held' END,
                        given.message
                    ) THEN 'keep'
                ELSE 'update'
            END
            WHEN
                latest.content_hash = given.content_hash
                AND (
                    latest.state = 'posted'
                    OR (latest.state IN ('sending', 'unknown') AND latest.withdrawn_at IS NULL)
                ) THEN 'keep'
            ELSE 'insert'
        END AS action
    FROM given
    LEFT JOIN known
        ON known.connection = given.connection
        AND known.business_date = given.business_date
        AND known.currency = given.currency
    LEFT JOIN registry.publications AS latest
        ON latest.target = :target
        AND latest.connection = known.connection
        AND latest.business_date = known.business_date
        AND latest.currency = known.currency
        AND latest.revision = known.revision
),

dropped AS (
    DELETE FROM registry.publications
    WHERE id IN (SELECT latest_id FROM decided WHERE action = 'drop')
),

updated AS (
    UPDATE registry.publications AS p
    SET
        entry_id = decided.entry_id,
        content_hash = decided.content_hash,
        state = decided.wanted_state,
        message = decided.message,
        updated_at = now()
    FROM decided
    WHERE p.id = decided.latest_id AND decided.action = 'update'
),

supported AS (
    UPDATE registry.publications AS p
    SET withdrawn_at = NULL, updated_at = now()
    FROM given
    WHERE
        p.target = :target
        AND p.connection = given.connection
        AND p.business_date = given.business_date
        AND p.currency = given.currency
        AND p.state = 'posted'
        AND p.withdrawn_at IS NOT NULL
),

inserted AS (
    INSERT INTO registry.publications (
        target, connection, business_date, currency,
        revision, entry_id, content_hash, state, message
    )
    SELECT
        :target, connection, business_date, currency,
        revision + 1, entry_id, content_hash, wanted_state, message
    FROM decided
    WHERE action = 'insert'
    ORDER BY connection, business_date, currency
)

SELECT
    count(*) FILTER (WHERE action = 'insert') AS new,
    count(*) FILTER (WHERE action = 'update') AS updated,
    count(*) FILTER (WHERE action IN ('keep', 'drop')) AS unchanged,
    count(*) FILTER (WHERE wanted_state = 'held' AND NOT (
        action = 'drop' OR (action = 'keep' AND posted_or_sent)
    )) AS held
FROM (
    SELECT
        decided.*,
        latest.state IN ('posted', 'sending', 'unknown') AS posted_or_sent
    FROM decided
    LEFT JOIN registry.publications AS latest ON latest.id = decided.latest_id
) AS counted
