-- Locks, as `Locks` numbers them: 1 against deletion, 2 writing, 4 listing, 8 reading. A row that
-- was written before has none. Nought takes no room in a row and is found without reading through
-- a manifest's content before it.

ALTER TABLE repositories ADD COLUMN locks BIGINT NOT NULL DEFAULT 0;
ALTER TABLE manifests ADD COLUMN locks BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tags ADD COLUMN locks BIGINT NOT NULL DEFAULT 0;

-- A list of manifests with their tags reads this index alone.
DROP INDEX tags_by_digest;
CREATE INDEX tags_by_digest ON tags (repository, digest, name, locks);
