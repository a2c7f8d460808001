-- Where the blobs are, once they were moved or a move has begun; see `metadata/blob_home.py`.

CREATE TABLE blob_home (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    kind TEXT NOT NULL,
    address TEXT
);
