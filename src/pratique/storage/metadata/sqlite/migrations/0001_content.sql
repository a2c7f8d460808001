-- Content: repositories, and what they link. Times are microseconds since 1970, UTC.
-- Look-ups are by primary key, so all tables but that with long rows are kept in its order.

CREATE TABLE repositories (
    name TEXT PRIMARY KEY,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
) WITHOUT ROWID;

-- A row here says that the bytes are in the blob store.
CREATE TABLE blobs (
    digest TEXT PRIMARY KEY,
    size BIGINT NOT NULL,
    created_at BIGINT NOT NULL
) WITHOUT ROWID;

-- A blob is pushed before the first manifest makes its repository, so this knows names only.
CREATE TABLE repository_blobs (
    repository TEXT NOT NULL,
    digest TEXT NOT NULL REFERENCES blobs (digest),
    linked_at BIGINT NOT NULL,
    PRIMARY KEY (repository, digest)
) WITHOUT ROWID;

CREATE INDEX repository_blobs_by_digest ON repository_blobs (digest, repository);

-- The content comes last, so that a long one is not read through to reach the other columns.
-- `annotations` is JSON, kept for manifests with a subject, which listings of referrers repeat.
CREATE TABLE manifests (
    repository TEXT NOT NULL REFERENCES repositories (name),
    digest TEXT NOT NULL,
    media_type TEXT NOT NULL,
    artifact_type TEXT,
    config_media_type TEXT,
    size BIGINT NOT NULL,
    image_size BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    annotations TEXT,
    content BLOB NOT NULL,
    PRIMARY KEY (repository, digest)
);

CREATE TABLE tags (
    repository TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (repository, name),
    FOREIGN KEY (repository, digest) REFERENCES manifests (repository, digest)
) WITHOUT ROWID;

CREATE INDEX tags_by_digest ON tags (repository, digest);

-- `kind` is config, layer, child or subject. The target may be absent.
CREATE TABLE manifest_references (
    repository TEXT NOT NULL,
    digest TEXT NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    PRIMARY KEY (repository, digest, kind, target),
    FOREIGN KEY (repository, digest) REFERENCES manifests (repository, digest)
) WITHOUT ROWID;

CREATE INDEX manifest_references_by_target ON manifest_references (repository, target, kind);
