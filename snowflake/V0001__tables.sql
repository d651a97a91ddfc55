-- Primary and foreign keys are not declared: Snowflake does not enforce them, and optimizations that believe them would return wrong rows.
-- What makes rows unique is written in the tables' comments and tested by 'trade-ingest verify'. Instants are UTC.

CREATE TABLE IF NOT EXISTS STOCK_TRADES_RAW (
    RECORD_METADATA VARIANT NOT NULL COMMENT 'Epoch, topic, partition, offset and time of the record in the log',
    RECORD_CONTENT  VARIANT NOT NULL COMMENT 'The value as it landed; bytes that are no JSON object stand as {"unreadable": base64}',
    LOG_EPOCH       VARCHAR NOT NULL COMMENT 'Identity of the log: another one after the topic was made anew',
    LOG_TOPIC       VARCHAR NOT NULL COMMENT 'Topic',
    LOG_PARTITION   NUMBER(10,0) NOT NULL COMMENT 'Partition of the topic',
    LOG_OFFSET      NUMBER(19,0) NOT NULL COMMENT 'Offset in the partition',
    RECEIVED_TIME   TIMESTAMP_NTZ(6) NOT NULL COMMENT 'When the log took the record'
) COMMENT = 'Every record of the log once, as landed, streamed in. Unique: LOG_EPOCH, LOG_TOPIC, LOG_PARTITION, LOG_OFFSET';

CREATE TABLE IF NOT EXISTS FACT_TRADES (
    FACT_ID          NUMBER(19,0) NOT NULL COMMENT 'symbol_id times 2^40 plus trade_id; unique',
    SYMBOL_KEY       NUMBER(19,0) NOT NULL COMMENT 'The version of DIM_SYMBOL that was valid at TRADE_TIME',
    TRADE_ID         NUMBER(13,0) NOT NULL COMMENT 'Number the exchange gave the trade; contiguous per symbol',
    TRADE_TIME       TIMESTAMP_NTZ(6) NOT NULL COMMENT 'When the exchange matched it',
    PRICE            NUMBER(38,8) NOT NULL COMMENT 'In the quote asset',
    QUANTITY         NUMBER(38,8) NOT NULL COMMENT 'In the base asset',
    TOTAL_AMOUNT_USD NUMBER(38,8) COMMENT 'Price times quantity, half to even, where the quote asset is pegged to the dollar; else null with a flag',
    AGGRESSOR_SIDE   NUMBER(1,0) NOT NULL COMMENT '1 buy, 2 sell: the side that took liquidity',
    INGEST_SOURCE    NUMBER(1,0) NOT NULL COMMENT '1 stream, 2 backfill, 3 replay',
    QUALITY_FLAGS    NUMBER(5,0) NOT NULL COMMENT '1 no dollar rate, 2 amount out of range',
    LOG_EPOCH        VARCHAR NOT NULL COMMENT 'Log the trade was read from',
    LOG_TOPIC        VARCHAR NOT NULL COMMENT 'Topic it was read from',
    LOG_PARTITION    NUMBER(10,0) NOT NULL COMMENT 'Partition it was read from',
    LOG_OFFSET       NUMBER(19,0) NOT NULL COMMENT 'Offset it was read from'
) COMMENT = 'Every valid trade once, streamed in. Unique: FACT_ID';

CREATE TABLE IF NOT EXISTS SYMBOLS (
    SYMBOL_ID     NUMBER(10,0) NOT NULL COMMENT 'Durable number of the ticker; unique',
    EXCHANGE      VARCHAR NOT NULL COMMENT 'Exchange that lists it',
    TICKER        VARCHAR NOT NULL COMMENT 'Name the exchange gives it; unique with EXCHANGE',
    REGISTERED_AT TIMESTAMP_NTZ(6) NOT NULL COMMENT 'When it was first seen'
) COMMENT = 'The durable id of each ticker';

CREATE TABLE IF NOT EXISTS SYMBOL_CHANGES (
    CHANGE_ID     NUMBER(19,0) NOT NULL COMMENT 'Order of arrival; unique',
    SOURCE        VARCHAR NOT NULL COMMENT 'Who states it',
    SEQUENCE_NO   NUMBER(19,0) NOT NULL COMMENT 'Rises within a source',
    EXCHANGE      VARCHAR NOT NULL COMMENT 'Exchange of the symbol',
    TICKER        VARCHAR NOT NULL COMMENT 'Ticker of the symbol',
    OPERATION     VARCHAR NOT NULL COMMENT 'UPSERT or DELETE',
    VALID_TIME    TIMESTAMP_NTZ(6) NOT NULL COMMENT 'Since when it holds in the world',
    RECORDED_TIME TIMESTAMP_NTZ(6) NOT NULL COMMENT 'When it was learned',
    ATTRIBUTES    VARCHAR NOT NULL COMMENT 'JSON object of the attributes it is about, byte for byte',
    HASH          VARCHAR NOT NULL COMMENT 'SHA-256 over all but the recorded time; unique'
) COMMENT = 'The append-only log of statements about symbols that DIM_SYMBOL_VERSIONS is folded from';

CREATE TABLE IF NOT EXISTS DIM_SYMBOL_VERSIONS (
    SYMBOL_KEY    NUMBER(19,0) NOT NULL COMMENT 'Surrogate key: a hash of exchange, ticker and VALID_FROM',
    SYMBOL_ID     NUMBER(10,0) NOT NULL COMMENT 'Durable number of the ticker',
    TICKER        VARCHAR NOT NULL COMMENT 'Ticker',
    BASE_ASSET    VARCHAR COMMENT 'What is traded',
    QUOTE_ASSET   VARCHAR COMMENT 'What it is priced in',
    SECTOR        VARCHAR COMMENT 'From the reference data',
    RISK_LEVEL    VARCHAR COMMENT 'From the reference data',
    STATUS        VARCHAR COMMENT 'As the exchange states it',
    TICK_SIZE     VARCHAR COMMENT 'Decimal text as the exchange states it',
    STEP_SIZE     VARCHAR COMMENT 'Decimal text as the exchange states it',
    VALID_FROM    TIMESTAMP_NTZ(6) NOT NULL COMMENT 'Inclusive',
    VALID_TO      TIMESTAMP_NTZ(6) NOT NULL COMMENT 'Exclusive; 9999-12-31 for the current version',
    IS_DELETED    BOOLEAN NOT NULL COMMENT 'The symbol did not exist in this time',
    IS_INFERRED   BOOLEAN NOT NULL COMMENT 'Known from its trades only',
    CHANGE_HASH   VARCHAR NOT NULL COMMENT 'SHA-256 over the attributes and flags',
    RECORDED_FROM TIMESTAMP_NTZ(6) NOT NULL COMMENT 'Believed from, inclusive',
    RECORDED_TO   TIMESTAMP_NTZ(6) NOT NULL COMMENT 'Believed to, exclusive; 9999-12-31 for current knowledge'
) COMMENT = 'Every version of every symbol ever believed. Unique: SYMBOL_KEY, RECORDED_FROM';

CREATE TABLE IF NOT EXISTS SYMBOL_CONFLICTS (
    SYMBOL_ID     NUMBER(10,0) NOT NULL COMMENT 'Durable number of the ticker',
    TICKER        VARCHAR NOT NULL COMMENT 'Ticker',
    ATTRIBUTE     VARCHAR NOT NULL COMMENT 'Attribute the statements are about',
    VALID_TIME    TIMESTAMP_NTZ(6) NOT NULL COMMENT 'Instant they are about',
    RULE          VARCHAR NOT NULL COMMENT 'PRIORITY, TIE or OWNERSHIP',
    LOSER_SOURCE  VARCHAR NOT NULL COMMENT 'Who was not followed',
    LOSER_VALUE   VARCHAR COMMENT 'What it said',
    LOSER_HASH    VARCHAR NOT NULL COMMENT 'Its statement in SYMBOL_CHANGES',
    WINNER_SOURCE VARCHAR COMMENT 'Who was followed; null where nobody stated the attribute rightfully',
    WINNER_VALUE  VARCHAR COMMENT 'What it said',
    WINNER_HASH   VARCHAR COMMENT 'Its statement in SYMBOL_CHANGES'
) COMMENT = 'Statements that did not take effect, and the ones that won';

CREATE TABLE IF NOT EXISTS REJECTED_TRADES (
    LOG_EPOCH      VARCHAR NOT NULL COMMENT 'Log the record was read from',
    LOG_TOPIC      VARCHAR NOT NULL COMMENT 'Topic it was read from',
    LOG_PARTITION  NUMBER(10,0) NOT NULL COMMENT 'Partition it was read from',
    LOG_OFFSET     NUMBER(19,0) NOT NULL COMMENT 'Offset it was read from',
    SYMBOL_ID      NUMBER(10,0) COMMENT 'Durable number of the ticker, where known',
    TICKER         VARCHAR COMMENT 'Ticker, where known',
    TRADE_ID       NUMBER(19,0) COMMENT 'Trade id, where known',
    ERROR_REASON   VARCHAR NOT NULL COMMENT 'Stable name of the reason',
    ERROR_DETAIL   VARCHAR NOT NULL COMMENT 'For a person; may be empty',
    RECEIVED_TIME  TIMESTAMP_NTZ(6) COMMENT 'When it came; null when the record gives a time that does not exist',
    RECORD_CONTENT BINARY NOT NULL COMMENT 'The bytes as they came',
    REJECTION_ID   VARCHAR COMMENT 'Equal for the same line of the same file read again; null for live records'
) COMMENT = 'Records that are no believable trade. Unique: LOG_EPOCH, LOG_TOPIC, LOG_PARTITION, LOG_OFFSET; REJECTION_ID where not null';

CREATE TABLE IF NOT EXISTS TRADE_COVERAGE (
    SYMBOL_ID NUMBER(10,0) NOT NULL COMMENT 'Durable number of the ticker',
    SYMBOL    VARCHAR NOT NULL COMMENT 'Ticker',
    FROM_ID   NUMBER(19,0) NOT NULL COMMENT 'First trade id of the range',
    TO_ID     NUMBER(19,0) NOT NULL COMMENT 'Last trade id of the range'
) COMMENT = 'Which trade ids are stored, as closed ranges. Unique: SYMBOL_ID, FROM_ID';

CREATE TABLE IF NOT EXISTS TRADE_GAPS (
    SYMBOL_ID NUMBER(10,0) NOT NULL COMMENT 'Durable number of the ticker',
    SYMBOL    VARCHAR NOT NULL COMMENT 'Ticker',
    FROM_ID   NUMBER(19,0) NOT NULL COMMENT 'First missing trade id',
    TO_ID     NUMBER(19,0) NOT NULL COMMENT 'Last missing trade id',
    FOUND     TIMESTAMP_NTZ(6) NOT NULL COMMENT 'When the hole was noticed',
    STATE     VARCHAR NOT NULL COMMENT 'OPEN or CLOSED',
    CLOSED    TIMESTAMP_NTZ(6) COMMENT 'When it was filled'
) COMMENT = 'The ledger of holes between the ranges of TRADE_COVERAGE: found once, closed once';

CREATE TABLE IF NOT EXISTS LOG_POSITIONS (
    LOG_EPOCH     VARCHAR NOT NULL COMMENT 'Identity of the log',
    LOG_TOPIC     VARCHAR NOT NULL COMMENT 'Topic',
    LOG_PARTITION NUMBER(10,0) NOT NULL COMMENT 'Partition',
    NEXT_OFFSET   NUMBER(19,0) NOT NULL COMMENT 'Where coverage, gaps and rejections stand; streamed rows may be further',
    RAW_OFFSET    NUMBER(19,0) COMMENT 'Last offset committed to STOCK_TRADES_RAW by then',
    FACT_OFFSET   NUMBER(19,0) COMMENT 'Last offset committed to FACT_TRADES by then',
    RECORDS       NUMBER(19,0) NOT NULL COMMENT 'Records read: stored, duplicates and rejected together',
    STORED        NUMBER(19,0) NOT NULL COMMENT 'Trades written to FACT_TRADES',
    DUPLICATES    NUMBER(19,0) NOT NULL COMMENT 'Trades that were there already',
    REJECTED      NUMBER(19,0) NOT NULL COMMENT 'Records written to REJECTED_TRADES',
    CHECKPOINT_ID VARCHAR NOT NULL COMMENT 'The checkpoint that wrote this row: tells a repeated one from another writer',
    UPDATED_AT    TIMESTAMP_NTZ(6) NOT NULL COMMENT 'When'
) COMMENT = 'How far each partition of the log is loaded. Unique: LOG_EPOCH, LOG_TOPIC, LOG_PARTITION';

CREATE TABLE IF NOT EXISTS WAREHOUSE_REVISION (
    ONLY_ROW    NUMBER(1,0) NOT NULL COMMENT 'Always 1',
    DIMENSION   NUMBER(19,0) NOT NULL COMMENT 'Rises with every change of the dimension',
    CHECKPOINTS NUMBER(19,0) NOT NULL COMMENT 'Rises with every checkpoint'
) COMMENT = 'One row that every writing procedure updates first: it makes them take turns, and readers notice a change in between';

INSERT INTO WAREHOUSE_REVISION (ONLY_ROW, DIMENSION, CHECKPOINTS)
SELECT 1, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM WAREHOUSE_REVISION);

-- Commit times of rows, since defaults such as CURRENT_TIMESTAMP are computed once per pipe, and a table of the rows that could not be stored.
ALTER TABLE STOCK_TRADES_RAW SET ROW_TIMESTAMP = TRUE;
ALTER TABLE STOCK_TRADES_RAW SET ERROR_LOGGING = TRUE;
ALTER TABLE FACT_TRADES SET ROW_TIMESTAMP = TRUE;
ALTER TABLE FACT_TRADES SET ERROR_LOGGING = TRUE;
