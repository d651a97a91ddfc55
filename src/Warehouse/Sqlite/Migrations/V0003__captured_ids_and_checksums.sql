-- Numbers segments 1, 2, 3 …: what a first edition of V0002 laid out took only every 131,072nd number.
CREATE TEMP TABLE SEGMENT_NUMBERS AS
SELECT segment_id AS old_id, row_number() OVER (ORDER BY segment_id) AS new_id, facts, first_trade_time, last_trade_time FROM FACT_SEGMENTS;
DELETE FROM SEGMENT_NUMBERS WHERE new_id = old_id;

-- By way of negative numbers, where nothing is in the way.
UPDATE FACT_TRADES SET row_id = -(row_id + ((n.new_id - n.old_id) << 40))
FROM SEGMENT_NUMBERS AS n WHERE FACT_TRADES.row_id >= (n.old_id << 40) AND FACT_TRADES.row_id < ((n.old_id + 1) << 40);
UPDATE FACT_TRADES SET row_id = -row_id WHERE row_id < 0;
DELETE FROM FACT_SEGMENTS WHERE segment_id IN (SELECT old_id FROM SEGMENT_NUMBERS);
INSERT INTO FACT_SEGMENTS (segment_id, facts, first_trade_time, last_trade_time)
SELECT new_id, facts, first_trade_time, last_trade_time FROM SEGMENT_NUMBERS;
DROP TABLE SEGMENT_NUMBERS;

-- Whether the ids of a range are stored, rejected for good, or were rejected for a reason that may lie on this side and count as missing.
ALTER TABLE TRADE_COVERAGE ADD COLUMN state TEXT NOT NULL DEFAULT 'STORED' CHECK (state IN ('STORED', 'REJECTED', 'QUARANTINED'));

-- The sum over the segment's facts of a 64-bit checksum of each.
ALTER TABLE FACT_SEGMENTS ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;

-- CRC-32C of records; null for rows that were written before it was kept.
ALTER TABLE RAW_BATCHES ADD COLUMN checksum INTEGER;

-- For each of the smaller tables the sum over its rows of a 64-bit checksum of each, kept by the writer.
CREATE TABLE TABLE_CHECKSUMS (
    table_name TEXT PRIMARY KEY,
    checksum   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
