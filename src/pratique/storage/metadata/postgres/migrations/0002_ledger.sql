-- Law and directory: records by kind and key, each with the version that last changed it.
-- A deleted record keeps its row without a body, so that readers of changes learn of it.

CREATE TABLE ledger (
    kind TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    body TEXT,
    version BIGINT NOT NULL,
    PRIMARY KEY (kind, key)
);

CREATE INDEX ledger_by_version ON ledger (version);

CREATE TABLE ledger_version (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    version BIGINT NOT NULL
);

INSERT INTO ledger_version (only_row, version) VALUES (1, 0);
