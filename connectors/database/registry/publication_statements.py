"""The statements of the outbox that are about many revisions at once, as SQL."""

from pathlib import Path

from sqlalchemy import text

PLAN = text((Path(__file__).parent / "plan_publications.sql").read_text())

SUPERSEDE = text(
    """
    UPDATE registry.publications AS older
    SET state = 'superseded', updated_at = now()
    FROM unnest(CAST(:ids AS bigint[]), CAST(:hashes AS text[])) AS given (id, content_hash)
    JOIN registry.publications AS newer USING (id, content_hash)
    WHERE newer.target = :target
        AND older.target = newer.target
        AND older.entry_id = newer.entry_id
        AND older.revision < newer.revision
        AND older.state NOT IN ('superseded', 'voided')
    """
)

HOLDS_ANY = text(
    """
    SELECT EXISTS (
        SELECT FROM registry.publications
        WHERE target = :target AND state = 'posted' AND (
            string_to_array(reference, ' ') && CAST(:references AS text[])
            OR EXISTS (
                SELECT FROM jsonb_array_elements(
                    coalesce(CAST(content AS jsonb) -> 'documents', '[]')
                ) AS document
                WHERE string_to_array(document ->> 'reference', ' ')
                    && CAST(:references AS text[])
            )
        )
    )
    """
)
POST = text(
    """
    UPDATE registry.publications AS p
    SET
        state = 'posted',
        reference = coalesce(given.reference, p.reference),
        message = NULL,
        waits_for = NULL,
        updated_at = now()
    FROM unnest(
        CAST(:ids AS bigint[]), CAST(:hashes AS text[]), CAST(:references AS text[])
    ) AS given (id, content_hash, reference)
    WHERE p.id = given.id AND p.content_hash = given.content_hash AND p.target = :target
    RETURNING p.id
    """
)

SEND = text(
    """
    UPDATE registry.publications AS p
    SET
        state = 'sending',
        message = NULL,
        waits_for = NULL,
        content = CAST(:content AS jsonb),
        updated_at = now()
    FROM unnest(CAST(:ids AS bigint[]), CAST(:hashes AS text[])) AS given (id, content_hash)
    WHERE p.id = given.id AND p.content_hash = given.content_hash AND p.target = :target
    RETURNING p.id
    """
)

ATTACH = text(
    """
    UPDATE registry.publications AS p
    SET content = p.content || jsonb_build_object('attachments', 'attached')
    FROM unnest(CAST(:ids AS bigint[]), CAST(:hashes AS text[])) AS given (id, content_hash)
    WHERE p.id = given.id AND p.content_hash = given.content_hash AND p.target = :target
    """
)

# What was answered with a refusal is another attempt the next time.
MARK = text(
    """
    UPDATE registry.publications AS p
    SET
        state = :state,
        message = :message,
        waits_for = :waits_for,
        content = CASE WHEN :state = 'failed'
            THEN p.content || jsonb_build_object(
                'attempt', coalesce((p.content ->> 'attempt')::integer, 0) + 1
            )
            ELSE p.content END,
        updated_at = now()
    FROM unnest(CAST(:ids AS bigint[]), CAST(:hashes AS text[])) AS given (id, content_hash)
    WHERE p.id = given.id AND p.content_hash = given.content_hash AND p.target = :target
    RETURNING p.id
    """
)
