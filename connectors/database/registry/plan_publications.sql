-- grain: one revision of an entry at a target
-- key: target, entry_id, revision
-- inputs: publications, and the entries that the target should hold (arrays of equal length)
--
-- A posted entry of the same content is left alone. A draft (held, draft, left_out, planned, failed)
-- takes the new content in place, or goes when what is posted has that content again. Everything
-- else gets a new revision; the posted one stays until the new one is posted. What a target holds
-- of a given entry is no longer withdrawn, unless it is being rolled back. One whose call is open
-- while it is withdrawn is on its way out, and may be gone by now: it is not called back, and the
-- entry gets a new revision.
--
-- Where a target needs approval, an entry is a draft until somebody approves it, or from the day on
-- that needs none; one that changes after it was posted needs none. An entry of a backfill always
-- does. A choice of the owner stands until another one is made.
WITH given AS (
    SELECT *
    FROM unnest(
        CAST(:connections AS text[]),
        CAST(:dates AS date[]),
        CAST(:currencies AS text[]),
        CAST(:entries AS text[]),
        CAST(:hashes AS text[]),
        CAST(:held_reasons AS text[]),
        CAST(:backfilled AS boolean[]),
        CAST(:due_ats AS timestamptz[])
    ) AS t (
        connection, business_date, currency, entry_id, content_hash, held_reason, is_backfilled,
        due_at
    )
),

known AS (
    SELECT
        p.entry_id,
        max(p.revision) AS revision,
        max(p.content_hash) FILTER (WHERE p.state = 'posted') AS posted_hash
    FROM registry.publications AS p
    WHERE p.target = :target AND p.connection = ANY(CAST(:connection_set AS text[]))
    GROUP BY p.entry_id
),

compared AS (
    SELECT
        given.*,
        known.posted_hash,
        latest.id AS latest_id,
        coalesce(latest.revision, 0) AS revision,
        latest.content_hash AS latest_hash,
        latest.state AS latest_state,
        latest.message AS latest_message,
        latest.waits_for AS latest_wait,
        latest.due_at AS latest_due_at,
        latest.withdrawn_at AS latest_withdrawn_at,
        choices.choice,
        choices.chosen_by,
        choices.reason,
        -- A backfill that changes nothing needs nobody's approval.
        given.is_backfilled
        AND given.held_reason IS NULL
        AND known.posted_hash IS DISTINCT FROM given.content_hash
        AND (latest.state IN ('voided', 'superseded')
            OR latest.content_hash IS DISTINCT FROM given.content_hash)
        AND coalesce(choices.choice IN ('approved', 'backfilled', 'first_open_day'), true)
            AS is_new_backfill,
        CAST(:needs_approval AS boolean)
        AND known.posted_hash IS NULL
        AND coalesce(automatic.since > given.business_date, true) AS needs_approval
    FROM given
    LEFT JOIN known ON known.entry_id = given.entry_id
    LEFT JOIN registry.publications AS latest
        ON latest.target = :target
        AND latest.entry_id = known.entry_id
        AND latest.revision = known.revision
    LEFT JOIN registry.entry_choices AS choices
        ON choices.target = :target AND choices.entry_id = given.entry_id
    LEFT JOIN registry.automatic_posting AS automatic
        ON automatic.target = :target AND automatic.connection = given.connection
),

chosen AS (
    SELECT
        *,
        CASE
            WHEN held_reason IS NOT NULL THEN 'held'
            WHEN choice = 'left_out' THEN 'left_out'
            WHEN choice = 'rolled_back' OR is_new_backfill THEN 'draft'
            WHEN choice IN ('approved', 'first_open_day') THEN 'planned'
            WHEN choice = 'backfilled' OR needs_approval THEN 'draft'
            ELSE 'planned'
        END AS wanted_state
    FROM compared
),

worded AS (
    SELECT
        *,
        CASE
            WHEN wanted_state = 'held' THEN held_reason
            WHEN wanted_state = 'left_out' THEN concat('left out by ', chosen_by, ': ', reason)
            WHEN wanted_state <> 'draft' THEN NULL
            WHEN choice = 'rolled_back' THEN concat('rolled back by ', chosen_by, ': ', reason)
            WHEN is_new_backfill OR choice = 'backfilled' THEN
                'its day was requested again: approve it to post it'
            ELSE 'one of the first entries of the store there: approve it to post it'
        END AS message,
        CASE
            WHEN wanted_state <> 'draft' THEN NULL
            WHEN choice = 'rolled_back' THEN 'release'
            ELSE 'approval'
        END AS waits_for
    FROM chosen
),

decided AS (
    SELECT
        *,
        CASE
            WHEN latest_state IN ('held', 'draft', 'left_out', 'planned', 'failed') THEN CASE
                WHEN posted_hash = content_hash THEN 'drop'
                -- Its day is closed: what its owner chooses decides, not a computation.
                WHEN latest_wait = 'open_period' AND wanted_state = 'planned'
                    AND latest_hash = content_hash THEN 'keep'
                WHEN
                    (latest_hash, latest_state, latest_message, latest_due_at)
                    IS NOT DISTINCT FROM (content_hash, wanted_state, message, due_at)
                    THEN 'keep'
                ELSE 'update'
            END
            WHEN latest_hash = content_hash AND (
                latest_state = 'posted'
                OR (latest_state IN ('sending', 'unknown') AND latest_withdrawn_at IS NULL)
            ) THEN 'keep'
            ELSE 'insert'
        END AS action
    FROM worded
),

remembered AS (
    INSERT INTO registry.entry_choices AS made (
        target, entry_id, connection, choice, chosen_by
    )
    SELECT :target, entry_id, connection, 'backfilled', 'backfill'
    FROM decided
    WHERE is_new_backfill
    ON CONFLICT (target, entry_id) DO UPDATE
    SET choice = 'backfilled', chosen_by = 'backfill', reason = NULL, chosen_at = now()
    WHERE made.choice IN ('approved', 'first_open_day')
),

dropped AS (
    DELETE FROM registry.publications
    WHERE id IN (SELECT latest_id FROM decided WHERE action = 'drop')
),

updated AS (
    UPDATE registry.publications AS p
    SET
        content_hash = decided.content_hash,
        state = decided.wanted_state,
        message = decided.message,
        waits_for = decided.waits_for,
        due_at = decided.due_at,
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
        AND p.entry_id = given.entry_id
        AND p.state = 'posted'
        AND p.withdrawn_at IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM registry.entry_choices AS c
            WHERE
                (c.target, c.entry_id) = (p.target, p.entry_id)
                AND c.choice = 'rolled_back'
        )
),

inserted AS (
    INSERT INTO registry.publications (
        target, connection, business_date, currency,
        revision, entry_id, content_hash, state, message, waits_for, due_at
    )
    SELECT
        :target, connection, business_date, currency,
        revision + 1, entry_id, content_hash, wanted_state, message, waits_for, due_at
    FROM decided
    WHERE action = 'insert'
    ORDER BY connection, business_date, entry_id
)

SELECT
    count(*) FILTER (WHERE action = 'insert') AS new,
    count(*) FILTER (WHERE action = 'update') AS updated,
    count(*) FILTER (WHERE action IN ('keep', 'drop')) AS unchanged,
    count(*) FILTER (WHERE wanted_state = 'held' AND NOT (
        action = 'drop'
        OR (action = 'keep' AND latest_state IN ('posted', 'sending', 'unknown'))
    )) AS held
FROM decided
