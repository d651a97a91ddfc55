-- Instants are INTEGER microseconds since 1970-01-01 UTC; prices, quantities and amounts are INTEGER times 1e8, so that they are exact.
-- The views show them as numbers and as ISO 8601 text.

-- The durable id of each ticker.
CREATE TABLE SYMBOLS (
    symbol_id       INTEGER PRIMARY KEY CHECK (symbol_id BETWEEN 1 AND 8388607),
    exchange        TEXT NOT NULL,
    ticker          TEXT NOT NULL,
    registered_at   INTEGER NOT NULL,
    last_trade_time INTEGER NOT NULL DEFAULT 0, -- latest trade_time of its facts: a change valid later re-keys none of them
    UNIQUE (exchange, ticker)
) STRICT;

-- The append-only log of statements about symbols that the dimension is folded from.
CREATE TABLE SYMBOL_CHANGES (
    change_id     INTEGER PRIMARY KEY,
    source        TEXT NOT NULL,
    sequence      INTEGER NOT NULL,
    exchange      TEXT NOT NULL,
    ticker        TEXT NOT NULL,
    operation     TEXT NOT NULL CHECK (operation IN ('UPSERT', 'DELETE')),
    valid_time    INTEGER NOT NULL,
    recorded_time INTEGER NOT NULL,
    attributes    TEXT NOT NULL CHECK (json_valid(attributes)), -- only what the statement is about
    hash          TEXT NOT NULL UNIQUE
) STRICT;

CREATE INDEX SYMBOL_CHANGES_BY_KEY ON SYMBOL_CHANGES (exchange, ticker);

-- Every version ever believed. Current knowledge: recorded_to = 253402214400000000 (9999-12-31).
CREATE TABLE DIM_SYMBOL_VERSIONS (
    symbol_key    INTEGER NOT NULL,
    symbol_id     INTEGER NOT NULL REFERENCES SYMBOLS (symbol_id),
    ticker        TEXT NOT NULL,
    base_asset    TEXT,
    quote_asset   TEXT,
    sector        TEXT,
    risk_level    TEXT,
    status        TEXT,
    tick_size     TEXT, -- decimal text as the exchange states it
    step_size     TEXT,
    valid_from    INTEGER NOT NULL, -- inclusive
    valid_to      INTEGER NOT NULL, -- exclusive
    is_deleted    INTEGER NOT NULL CHECK (is_deleted IN (0, 1)),
    is_inferred   INTEGER NOT NULL CHECK (is_inferred IN (0, 1)),
    change_hash   TEXT NOT NULL,
    recorded_from INTEGER NOT NULL,
    recorded_to   INTEGER NOT NULL,
    PRIMARY KEY (symbol_key, recorded_from),
    CHECK (valid_from < valid_to),
    CHECK (recorded_from < recorded_to)
) STRICT;

-- A second version with the same key, which only a collision of hashes could give, is refused.
CREATE UNIQUE INDEX DIM_SYMBOL_VERSIONS_CURRENT ON DIM_SYMBOL_VERSIONS (symbol_key) WHERE recorded_to = 253402214400000000;

CREATE INDEX DIM_SYMBOL_VERSIONS_BY_SYMBOL ON DIM_SYMBOL_VERSIONS (symbol_id, valid_from);

-- Statements that did not take effect, and the ones that won: a function of SYMBOL_CHANGES, like the dimension.
CREATE TABLE SYMBOL_CONFLICTS (
    symbol_id     INTEGER NOT NULL REFERENCES SYMBOLS (symbol_id),
    ticker        TEXT NOT NULL,
    attribute     TEXT NOT NULL,
    valid_time    INTEGER NOT NULL,
    rule          TEXT NOT NULL CHECK (rule IN ('PRIORITY', 'TIE', 'OWNERSHIP')),
    loser_source  TEXT NOT NULL,
    loser_value   TEXT,
    loser_hash    TEXT NOT NULL REFERENCES SYMBOL_CHANGES (hash),
    winner_source TEXT, -- null where nobody stated the attribute rightfully at that instant
    winner_value  TEXT,
    winner_hash   TEXT,
    PRIMARY KEY (symbol_id, attribute, valid_time, loser_hash)
) STRICT, WITHOUT ROWID;

-- One row per valid trade.
CREATE TABLE FACT_TRADES (
    fact_id          INTEGER PRIMARY KEY, -- symbol_id << 40 | trade_id
    symbol_key       INTEGER NOT NULL,    -- the version of DIM_SYMBOL that was valid at trade_time
    trade_id         INTEGER NOT NULL GENERATED ALWAYS AS (fact_id & 1099511627775) VIRTUAL,
    trade_time       INTEGER NOT NULL,    -- microseconds, UTC
    price            INTEGER NOT NULL,    -- times 1e8, in the quote asset
    quantity         INTEGER NOT NULL,    -- times 1e8, in the base asset
    total_amount_usd INTEGER,             -- times 1e8; null with a flag when it is not known
    aggressor_side   INTEGER NOT NULL,    -- 1 buy, 2 sell
    ingest_source    INTEGER NOT NULL,    -- 1 stream, 2 backfill, 3 replay
    quality_flags    INTEGER NOT NULL     -- 1 no dollar rate, 2 amount out of range
) STRICT;

-- Records that are no believable trade, with the reason and the bytes as they came.
CREATE TABLE REJECTED_TRADES (
    rejected_id    INTEGER PRIMARY KEY,
    epoch          TEXT NOT NULL,
    topic          TEXT NOT NULL,
    partition      INTEGER NOT NULL,
    offset         INTEGER NOT NULL,
    symbol_id      INTEGER REFERENCES SYMBOLS (symbol_id),
    ticker         TEXT,
    trade_id       INTEGER,
    error_reason   TEXT NOT NULL,
    error_detail   TEXT NOT NULL,
    received_time  INTEGER NOT NULL,
    record_content BLOB NOT NULL,
    identity       TEXT UNIQUE, -- the same line of the same file read again is the same rejection; null for live records
    UNIQUE (epoch, topic, partition, offset)
) STRICT;

CREATE INDEX REJECTED_TRADES_BY_TRADE ON REJECTED_TRADES (symbol_id, trade_id) WHERE trade_id IS NOT NULL;

-- The records of the log as they landed, a run of consecutive offsets per row: a JSON array of their values. STOCK_TRADES_RAW shows them one by one.
CREATE TABLE RAW_BATCHES (
    batch_id      INTEGER PRIMARY KEY,
    epoch         TEXT NOT NULL,
    topic         TEXT NOT NULL,
    partition     INTEGER NOT NULL,
    first_offset  INTEGER NOT NULL,
    record_count  INTEGER NOT NULL,
    received_time INTEGER NOT NULL, -- when the log took the first of them
    records       TEXT NOT NULL,
    UNIQUE (epoch, topic, partition, first_offset)
) STRICT;

-- Which trade ids of each symbol are stored, as closed ranges.
CREATE TABLE TRADE_COVERAGE (
    symbol_id INTEGER NOT NULL REFERENCES SYMBOLS (symbol_id),
    symbol    TEXT NOT NULL, -- its ticker
    from_id   INTEGER NOT NULL,
    to_id     INTEGER NOT NULL,
    PRIMARY KEY (symbol_id, from_id),
    CHECK (from_id <= to_id)
) STRICT, WITHOUT ROWID;

-- The ledger of holes between those ranges: found once, closed once.
CREATE TABLE TRADE_GAPS (
    gap_id    INTEGER PRIMARY KEY,
    symbol_id INTEGER NOT NULL REFERENCES SYMBOLS (symbol_id),
    symbol    TEXT NOT NULL, -- its ticker
    from_id   INTEGER NOT NULL,
    to_id     INTEGER NOT NULL,
    found     TEXT NOT NULL, -- ISO 8601
    state     TEXT NOT NULL CHECK (state IN ('OPEN', 'CLOSED')),
    closed    TEXT,
    CHECK ((state = 'CLOSED') = (closed IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX TRADE_GAPS_OPEN ON TRADE_GAPS (symbol_id, from_id) WHERE state = 'OPEN';

-- Where to go on reading each partition of the log, and what became of its records so far: records = stored + duplicates + rejected.
CREATE TABLE LOG_POSITIONS (
    epoch       TEXT NOT NULL,
    topic       TEXT NOT NULL,
    partition   INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    records     INTEGER NOT NULL DEFAULT 0,
    stored      INTEGER NOT NULL DEFAULT 0,
    duplicates  INTEGER NOT NULL DEFAULT 0,
    rejected    INTEGER NOT NULL DEFAULT 0,
    updated_at  TEXT NOT NULL, -- ISO 8601
    PRIMARY KEY (epoch, topic, partition)
) STRICT, WITHOUT ROWID;
