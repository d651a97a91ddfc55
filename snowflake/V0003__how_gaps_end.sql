UPDATE TRADE_GAPS SET STATE = 'FILLED' WHERE STATE = 'CLOSED';

COMMENT ON COLUMN TRADE_GAPS.STATE IS
    'OPEN, which a running ingest fetches; OUT_OF_REACH, which an archive or backfill closes; FILLED; EXCHANGE_HOLE, which the exchange does not have either';

COMMENT ON COLUMN TRADE_GAPS.CLOSED IS 'When it was filled or found to be a hole of the exchange; else null';

COMMENT ON COLUMN TRADE_COVERAGE.STATE IS
    'STORED; REJECTED where the exchange has no valid trade, EXCHANGE_HOLE where it has none at all; QUARANTINED where a copy was rejected and OUT_OF_REACH where none is fetched, which count as missing';

-- A default would not go with IF NOT EXISTS, which lets the script be run again.
ALTER TABLE LOG_POSITIONS ADD COLUMN IF NOT EXISTS VERDICTS NUMBER(19,0)
    COMMENT 'Records that are no trade but say what became of missing ones; RECORDS counts them too';

UPDATE LOG_POSITIONS SET VERDICTS = 0 WHERE VERDICTS IS NULL;
