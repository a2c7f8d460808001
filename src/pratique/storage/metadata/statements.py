"""Statements that SQLite and PostgreSQL both understand, with `$1`, `$2`, ... for arguments.

What needs row locks in one and none in the other stands with the store that needs it. The numbers
in `locks` are those of `Locks`: 1 and 2 keep from deletion, 4 from listings, 8 from pulls.
"""

from __future__ import annotations

from typing import Final

# Manifests and tags.

MANIFEST_BY_TAG: Final = """
    SELECT m.digest, m.media_type, m.content, CASE WHEN (p.locks & 8) <> 0 THEN 'repository'
        WHEN (m.locks & 8) <> 0 THEN 'manifest' WHEN (t.locks & 8) <> 0 THEN 'tag' END
    FROM tags t JOIN manifests m ON m.repository = t.repository AND m.digest = t.digest
    JOIN repositories p ON p.name = t.repository
    WHERE t.repository = $1 AND t.name = $2
"""
MANIFEST_BY_DIGEST: Final = """
    SELECT m.digest, m.media_type, m.content, CASE WHEN (p.locks & 8) <> 0 THEN 'repository'
        WHEN (m.locks & 8) <> 0 THEN 'manifest' END
    FROM manifests m JOIN repositories p ON p.name = m.repository
    WHERE m.repository = $1 AND m.digest = $2
"""
# A repository that may not be pulled from has one row, whose first column says so.
REFERRERS: Final = """
    SELECT p.locks & 8, m.digest, m.media_type, m.size,
        COALESCE(m.artifact_type, m.config_media_type), m.annotations
    FROM repositories p
    LEFT JOIN manifest_references r ON r.repository = p.name AND r.target = $2
        AND r.kind = 'subject' AND (p.locks & 8) <> 8
    LEFT JOIN manifests m ON m.repository = r.repository AND m.digest = r.digest
        AND (m.locks & 4) <> 4
    WHERE p.name = $1
    ORDER BY m.created_at, m.digest
"""
PUT_REPOSITORY: Final = """
    INSERT INTO repositories (name, created_at, updated_at) VALUES ($1, $2, $2)
    ON CONFLICT (name) DO UPDATE SET updated_at = excluded.updated_at
"""
TOUCH_REPOSITORY: Final = "UPDATE repositories SET updated_at = $2 WHERE name = $1"
PUT_MANIFEST: Final = """
    INSERT INTO manifests (repository, digest, media_type, artifact_type, config_media_type,
        size, image_size, created_at, updated_at, annotations, content)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10)
    ON CONFLICT (repository, digest) DO UPDATE SET
        media_type = excluded.media_type, artifact_type = excluded.artifact_type,
        config_media_type = excluded.config_media_type, image_size = excluded.image_size,
        updated_at = excluded.updated_at, annotations = excluded.annotations
"""
FORGET_MANIFEST: Final = "DELETE FROM manifests WHERE repository = $1 AND digest = $2"
FORGET_REFERENCES: Final = """
    DELETE FROM manifest_references WHERE repository = $1 AND digest = $2
"""
PUT_REFERENCE: Final = """
    INSERT INTO manifest_references (repository, digest, kind, target) VALUES ($1, $2, $3, $4)
"""
PUT_TAG: Final = """
    INSERT INTO tags (repository, name, digest, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $4)
    ON CONFLICT (repository, name) DO UPDATE SET
        digest = excluded.digest, updated_at = excluded.updated_at
"""
FORGET_TAG: Final = "DELETE FROM tags WHERE repository = $1 AND name = $2"
FORGET_TAGS_OF: Final = "DELETE FROM tags WHERE repository = $1 AND digest = $2"

# Locks, each as the tag, or else the manifest, and its number.

REPOSITORY_LOCKS: Final = "SELECT locks FROM repositories WHERE name = $1"
LOCKS_OF_MANIFEST: Final = """
    SELECT NULL, digest, locks FROM manifests WHERE repository = $1 AND digest = $2
    UNION ALL SELECT name, digest, locks FROM tags WHERE repository = $1 AND digest = $2
"""
LOCKED_IN_REPOSITORY: Final = """
    SELECT NULL, digest, locks FROM manifests WHERE repository = $1 AND (locks & 3) <> 0
    UNION ALL SELECT name, digest, locks FROM tags WHERE repository = $1 AND (locks & 3) <> 0
    LIMIT 1
"""
TAG_AND_TARGET: Final = """
    SELECT t.name, t.locks, t.digest, m.locks
    FROM tags t JOIN manifests m ON m.repository = t.repository AND m.digest = t.digest
    WHERE t.repository = $1 AND t.name
"""
_LOCKED_ABOVE: Final = """
    WITH RECURSIVE above (digest) AS (
        SELECT r.digest FROM manifest_references r
        WHERE r.repository = $1 AND r.target = $2 AND r.kind IN
        {kinds}
        UNION SELECT r.digest FROM above a JOIN manifest_references r
        ON r.repository = $1 AND r.target = a.digest AND r.kind = 'child')
    SELECT NULL, m.digest, m.locks
    FROM above a JOIN manifests m ON m.repository = $1 AND m.digest = a.digest
    WHERE (m.locks & 3) <> 0
    UNION ALL SELECT t.name, t.digest, t.locks
    FROM above a JOIN tags t ON t.repository = $1 AND t.digest = a.digest
    WHERE (t.locks & 3) <> 0
    LIMIT 1
"""
LOCKED_ABOVE_MANIFEST: Final = _LOCKED_ABOVE.format(kinds="('child')")
LOCKED_ABOVE_BLOB: Final = _LOCKED_ABOVE.format(kinds="('config', 'layer')")
CHANGE_REPOSITORY: Final = "UPDATE repositories SET locks = (locks & $2) | $3 WHERE name = $1"
CHANGE_MANIFEST: Final = """
    UPDATE manifests SET locks = (locks & $3) | $4 WHERE repository = $1 AND digest = $2
"""
CHANGE_TAG: Final = """
    UPDATE tags SET locks = (locks & $3) | $4 WHERE repository = $1 AND name = $2
"""

# Links between repositories and blobs.

BLOB_SIZE: Final = """
    SELECT b.size FROM repository_blobs l JOIN blobs b ON b.digest = l.digest
    WHERE l.repository = $1 AND l.digest = $2
"""
BLOB_SIZE_TO_READ: Final = """
    SELECT b.size, p.locks & 8 FROM repository_blobs l JOIN blobs b ON b.digest = l.digest
    LEFT JOIN repositories p ON p.name = l.repository
    WHERE l.repository = $1 AND l.digest = $2
"""
HOLDERS: Final = """
    SELECT repository FROM repository_blobs WHERE digest = $1 AND repository > $3
    ORDER BY repository LIMIT $2
"""
LINKED_AT: Final = "SELECT linked_at FROM repository_blobs WHERE repository = $1 AND digest = $2"
RENEW_LINK: Final = """
    UPDATE repository_blobs SET linked_at = $3 WHERE repository = $1 AND digest = $2
"""
PUT_LINK: Final = """
    INSERT INTO repository_blobs (repository, digest, linked_at) VALUES ($1, $2, $3)
    ON CONFLICT (repository, digest) DO UPDATE SET linked_at = excluded.linked_at
"""
FORGET_LINK: Final = "DELETE FROM repository_blobs WHERE repository = $1 AND digest = $2"
BLOB_IS_LINKED: Final = "SELECT 1 FROM repository_blobs WHERE digest = $1 LIMIT 1"
FORGET_BLOB: Final = "DELETE FROM blobs WHERE digest = $1"

# Listings, in the order of the names' bytes, and single items. A planner that knows no better takes
# nearly all rows to be unequal to something, and few to be equal, so locks are asked for by `<>`.

TAGS: Final = """
    SELECT name FROM tags WHERE repository = $1 AND name > $2 AND (locks & 4) <> 4
    ORDER BY name LIMIT $3
"""
REPOSITORIES: Final = """
    SELECT name FROM repositories WHERE name > $1 AND (locks & 4) <> 4 ORDER BY name LIMIT $2
"""
REPOSITORY: Final = """
    SELECT created_at, updated_at,
        (SELECT COUNT(*) FROM manifests WHERE repository = $1),
        (SELECT COUNT(*) FROM tags WHERE repository = $1), locks
    FROM repositories WHERE name = $1
"""
TAG_FACTS: Final = """
    SELECT name, digest, created_at, updated_at, locks FROM tags
    WHERE repository = $1 AND name > $2 AND (locks & 4) <> 4 ORDER BY name LIMIT $3
"""
TAG: Final = """
    SELECT name, digest, created_at, updated_at, locks FROM tags
    WHERE repository = $1 AND name = $2
"""
MANIFEST_FACTS: Final = """
    SELECT digest, media_type, artifact_type, config_media_type, image_size, created_at, updated_at,
        locks
    FROM manifests WHERE repository = $1 AND digest > $2 AND (locks & 4) <> 4
    ORDER BY digest LIMIT $3
"""
MANIFEST: Final = """
    SELECT digest, media_type, artifact_type, config_media_type, image_size, created_at, updated_at,
        locks
    FROM manifests WHERE repository = $1 AND digest = $2
"""
TAGS_OF_RANGE: Final = """
    SELECT digest, name FROM tags
    WHERE repository = $1 AND digest >= $2 AND digest <= $3 AND (locks & 4) <> 4
    ORDER BY digest, name
"""
MANIFESTS_OF: Final = "SELECT digest FROM manifests WHERE repository = $1 ORDER BY digest"
TAGS_OF: Final = "SELECT name FROM tags WHERE repository = $1 ORDER BY name"
EVERY_REPOSITORY: Final = "SELECT name FROM repositories WHERE name > $1 ORDER BY name LIMIT $2"
SOME_MANIFESTS_OF: Final = """
    SELECT digest FROM manifests WHERE repository = $1 ORDER BY digest LIMIT $2
"""
FORGET_SOME_LINKS: Final = """
    DELETE FROM repository_blobs WHERE repository = $1 AND digest IN (
        SELECT digest FROM repository_blobs WHERE repository = $1 ORDER BY digest LIMIT $2)
"""
FORGET_REPOSITORY: Final = "DELETE FROM repositories WHERE name = $1"
# Children before parents, as the foreign keys demand.
DELETE_REPOSITORY: Final = (
    "DELETE FROM tags WHERE repository = $1",
    "DELETE FROM manifest_references WHERE repository = $1",
    "DELETE FROM manifests WHERE repository = $1",
    "DELETE FROM repository_blobs WHERE repository = $1",
    "DELETE FROM repositories WHERE name = $1",
)
