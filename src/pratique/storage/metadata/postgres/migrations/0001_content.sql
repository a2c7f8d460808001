-- Content: repositories, and what they link. Times are microseconds since 1970, UTC.
-- Names are compared by their bytes, whatever the database's own order is.

CREATE TABLE repositories (
    name TEXT COLLATE "C" PRIMARY KEY,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- A row here says that the bytes are in the blob store.
CREATE TABLE blobs (
    digest TEXT COLLATE "C" PRIMARY KEY,
    size BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- A blob is pushed before the first manifest makes its repository, so this knows names only.
CREATE TABLE repository_blobs (
    repository TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL REFERENCES blobs (digest),
    linked_at BIGINT NOT NULL,
    PRIMARY KEY (repository, digest)
);

CREATE INDEX repository_blobs_by_digest ON repository_blobs (digest, repository);

-- `annotations` is JSON, kept for manifests with a subject, which listings of referrers repeat.
CREATE TABLE manifests (
    repository TEXT COLLATE "C" NOT NULL REFERENCES repositories (name),
    digest TEXT COLLATE "C" NOT NULL,
    media_type TEXT NOT NULL,
    artifact_type TEXT,
    config_media_type TEXT,
    size BIGINT NOT NULL,
    image_size BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    annotations TEXT,
    content BYTEA NOT NULL,
    PRIMARY KEY (repository, digest)
);

CREATE TABLE tags (
    repository TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (repository, name),
    FOREIGN KEY (repository, digest) REFERENCES manifests (repository, digest)
);

CREATE INDEX tags_by_digest ON tags (repository, digest);

-- `kind` is config, layer, child or subject. The target may be absent.
CREATE TABLE manifest_references (
    repository TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (repository, digest, kind, target),
    FOREIGN KEY (repository, digest) REFERENCES manifests (repository, digest)
);

CREATE INDEX manifest_references_by_target ON manifest_references (repository, target, kind);
