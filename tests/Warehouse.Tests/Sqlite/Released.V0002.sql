-- Facts in order of arrival: a commit appends to the end of the table, whatever the number of symbols in it.

DROP VIEW IF EXISTS SILVER_TRADES;
DROP VIEW IF EXISTS CONSUMPTION_TRADES;

-- Runs of facts that arrived one after the other. A look for some time's facts passes over the segments that end before or begin after.
CREATE TABLE FACT_SEGMENTS (
    segment_id       INTEGER PRIMARY KEY CHECK (segment_id BETWEEN 1 AND 8388607),
    facts            INTEGER NOT NULL,
    first_trade_time INTEGER NOT NULL, -- the earliest and the latest of its facts
    last_trade_time  INTEGER NOT NULL
) STRICT;

-- One row per valid trade. That a trade is stored once is seen to by TRADE_COVERAGE, which changes in the same transaction.
CREATE TABLE FACT_TRADES_ARRIVED (
    row_id           INTEGER PRIMARY KEY, -- segment_id << 40 | symbol_id << 17 | place in the segment
    -- symbol_id << 40 | trade_id
    fact_id          INTEGER NOT NULL GENERATED ALWAYS AS (((row_id >> 17) & 8388607) << 40 | trade_id) VIRTUAL,
    symbol_key       INTEGER NOT NULL,    -- the version of DIM_SYMBOL that was valid at trade_time
    trade_id         INTEGER NOT NULL,
    trade_time       INTEGER NOT NULL,    -- microseconds, UTC
    price            INTEGER NOT NULL,    -- times 1e8, in the quote asset
    quantity         INTEGER NOT NULL,    -- times 1e8, in the base asset
    total_amount_usd INTEGER,             -- times 1e8; null with a flag when it is not known
    aggressor_side   INTEGER NOT NULL,    -- 1 buy, 2 sell
    ingest_source    INTEGER NOT NULL,    -- 1 stream, 2 backfill, 3 replay
    quality_flags    INTEGER NOT NULL     -- 1 no dollar rate, 2 amount out of range
) STRICT;

-- What was there lies by symbol and trade id, and goes over in that order, 8,192 to a segment.
INSERT INTO FACT_TRADES_ARRIVED
    (row_id, symbol_key, trade_id, trade_time, price, quantity, total_amount_usd, aggressor_side, ingest_source, quality_flags)
SELECT ((place >> 13) + 1) << 40 | (fact_id >> 40) << 17 | (place & 8191),
       symbol_key, trade_id, trade_time, price, quantity, total_amount_usd, aggressor_side, ingest_source, quality_flags
FROM (SELECT row_number() OVER (ORDER BY fact_id) - 1 AS place, * FROM FACT_TRADES);

INSERT INTO FACT_SEGMENTS (segment_id, facts, first_trade_time, last_trade_time)
SELECT row_id >> 40, count(*), min(trade_time), max(trade_time) FROM FACT_TRADES_ARRIVED GROUP BY row_id >> 40;

DROP TABLE FACT_TRADES;
ALTER TABLE FACT_TRADES_ARRIVED RENAME TO FACT_TRADES;

-- The segments tell as much.
ALTER TABLE SYMBOLS DROP COLUMN last_trade_time;
