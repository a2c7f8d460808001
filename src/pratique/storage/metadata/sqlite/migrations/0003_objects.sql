-- Blobs in an object store: uploads on their way, and the object that holds each blob.
-- Times are microseconds since 1970, UTC. `object` is the upload's id, a slash and a part.

CREATE TABLE upload_sessions (
    id TEXT PRIMARY KEY,
    repository TEXT NOT NULL,
    holder TEXT,
    held_until BIGINT NOT NULL,
    written_at BIGINT NOT NULL
) WITHOUT ROWID;

CREATE INDEX upload_sessions_by_time ON upload_sessions (written_at);

CREATE TABLE upload_chunks (
    upload TEXT NOT NULL REFERENCES upload_sessions (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    object TEXT NOT NULL,
    size BIGINT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (upload, number)
) WITHOUT ROWID;

CREATE TABLE blob_objects (
    digest TEXT PRIMARY KEY,
    object TEXT NOT NULL UNIQUE,
    size BIGINT NOT NULL,
    placed_at BIGINT NOT NULL
) WITHOUT ROWID;
