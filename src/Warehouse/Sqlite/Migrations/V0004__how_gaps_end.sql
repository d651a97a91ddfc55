-- How a gap stands or ended, where it used to be open or closed.
CREATE TABLE TRADE_GAPS_STATED (
    gap_id    INTEGER PRIMARY KEY,
    symbol_id INTEGER NOT NULL REFERENCES SYMBOLS (symbol_id),
    symbol    TEXT NOT NULL, -- its ticker
    from_id   INTEGER NOT NULL,
    to_id     INTEGER NOT NULL,
    found     TEXT NOT NULL, -- ISO 8601
    state     TEXT NOT NULL CHECK (state IN ('OPEN', 'OUT_OF_REACH', 'EXCHANGE_HOLE', 'FILLED')),
    closed    TEXT,          -- when it ended
    CHECK ((state IN ('EXCHANGE_HOLE', 'FILLED')) = (closed IS NOT NULL))
) STRICT;

INSERT INTO TRADE_GAPS_STATED (gap_id, symbol_id, symbol, from_id, to_id, found, state, closed)
SELECT gap_id, symbol_id, symbol, from_id, to_id, found, iif(state = 'CLOSED', 'FILLED', state), closed FROM TRADE_GAPS;
DROP TABLE TRADE_GAPS;
ALTER TABLE TRADE_GAPS_STATED RENAME TO TRADE_GAPS;
CREATE UNIQUE INDEX TRADE_GAPS_OPEN ON TRADE_GAPS (symbol_id, from_id) WHERE closed IS NULL;

-- What is known of trade ids, as closed ranges; ids of no range are missing, as are those quarantined or out of reach.
CREATE TABLE TRADE_COVERAGE_STATED (
    symbol_id INTEGER NOT NULL REFERENCES SYMBOLS (symbol_id),
    symbol    TEXT NOT NULL, -- its ticker
    from_id   INTEGER NOT NULL,
    to_id     INTEGER NOT NULL,
    state     TEXT NOT NULL CHECK (state IN ('STORED', 'REJECTED', 'QUARANTINED', 'EXCHANGE_HOLE', 'OUT_OF_REACH')),
    PRIMARY KEY (symbol_id, from_id),
    CHECK (from_id <= to_id)
) STRICT, WITHOUT ROWID;

INSERT INTO TRADE_COVERAGE_STATED (symbol_id, symbol, from_id, to_id, state)
SELECT symbol_id, symbol, from_id, to_id, state FROM TRADE_COVERAGE;
DROP TABLE TRADE_COVERAGE;
ALTER TABLE TRADE_COVERAGE_STATED RENAME TO TRADE_COVERAGE;

-- Records that are no trade but say what became of missing ones: records = stored + duplicates + rejected + verdicts.
ALTER TABLE LOG_POSITIONS ADD COLUMN verdicts INTEGER NOT NULL DEFAULT 0;
