-- Applied again whenever this file changes.

DROP VIEW IF EXISTS STOCK_TRADES_RAW;
CREATE VIEW STOCK_TRADES_RAW AS
SELECT json_object('epoch', b.epoch, 'topic', b.topic, 'partition', b.partition, 'offset', b.first_offset + r.key,
                   'received_time', strftime('%Y-%m-%dT%H:%M:%S', b.received_time / 1000000, 'unixepoch') || printf('.%06dZ', b.received_time % 1000000)
       ) AS RECORD_METADATA,
       r.value AS RECORD_CONTENT,
       b.topic AS topic,
       b.partition AS partition,
       b.first_offset + r.key AS offset,
       strftime('%Y-%m-%dT%H:%M:%S', b.received_time / 1000000, 'unixepoch') || printf('.%06dZ', b.received_time % 1000000) AS received_time
FROM RAW_BATCHES AS b, json_each(b.records) AS r;

DROP VIEW IF EXISTS BRONZE_TRADES;
CREATE VIEW BRONZE_TRADES AS
SELECT topic, partition, offset, received_time,
       json_extract(RECORD_CONTENT, '$.exchange')       AS exchange,
       json_extract(RECORD_CONTENT, '$.symbol')         AS symbol,
       json_extract(RECORD_CONTENT, '$.trade_id')       AS trade_id,
       json_extract(RECORD_CONTENT, '$.price')          AS price,
       json_extract(RECORD_CONTENT, '$.quantity')       AS quantity,
       json_extract(RECORD_CONTENT, '$.event_time')     AS event_time,
       json_extract(RECORD_CONTENT, '$.trade_time')     AS trade_time,
       json_extract(RECORD_CONTENT, '$.aggressor_side') AS aggressor_side,
       json_extract(RECORD_CONTENT, '$.source')         AS source
FROM STOCK_TRADES_RAW;

-- Every row ever believed. What was known of the past at an instant T:
--   SELECT * FROM DIM_SYMBOL_AS_KNOWN_AT WHERE recorded_from <= T AND recorded_to > T
-- and, of those, what was known at T to hold at V:  AND valid_from <= V AND valid_to > V
DROP VIEW IF EXISTS DIM_SYMBOL;
DROP VIEW IF EXISTS DIM_SYMBOL_AS_KNOWN_AT;
CREATE VIEW DIM_SYMBOL_AS_KNOWN_AT AS
SELECT symbol_key, symbol_id, ticker, base_asset, quote_asset, sector, risk_level, status,
       CAST(tick_size AS REAL) AS tick_size,
       CAST(step_size AS REAL) AS step_size,
       strftime('%Y-%m-%dT%H:%M:%S', valid_from / 1000000, 'unixepoch') || printf('.%06dZ', valid_from % 1000000) AS valid_from,
       strftime('%Y-%m-%dT%H:%M:%S', valid_to / 1000000, 'unixepoch') || printf('.%06dZ', valid_to % 1000000) AS valid_to,
       valid_to = 253402214400000000 AS is_current,
       is_deleted, is_inferred, change_hash,
       strftime('%Y-%m-%dT%H:%M:%S', recorded_from / 1000000, 'unixepoch') || printf('.%06dZ', recorded_from % 1000000) AS recorded_from,
       strftime('%Y-%m-%dT%H:%M:%S', recorded_to / 1000000, 'unixepoch') || printf('.%06dZ', recorded_to % 1000000) AS recorded_to
FROM DIM_SYMBOL_VERSIONS;

-- Current knowledge of every symbol's history.
CREATE VIEW DIM_SYMBOL AS
SELECT * FROM DIM_SYMBOL_AS_KNOWN_AT WHERE recorded_to = '9999-12-31T00:00:00.000000Z';

-- One readable row per trade, with the symbol as it was at trade time, in order of arrival. Needs no joins.
DROP VIEW IF EXISTS CONSUMPTION_TRADES;
CREATE VIEW CONSUMPTION_TRADES AS
SELECT f.fact_id,
       d.ticker,
       f.trade_id,
       strftime('%Y-%m-%dT%H:%M:%S', f.trade_time / 1000000, 'unixepoch') || printf('.%06dZ', f.trade_time % 1000000) AS trade_time,
       f.price / 100000000.0            AS price,
       f.quantity / 100000000.0         AS quantity,
       f.total_amount_usd / 100000000.0 AS total_amount_usd,
       CASE f.aggressor_side WHEN 1 THEN 'BUY' WHEN 2 THEN 'SELL' END AS aggressor_side,
       d.base_asset, d.quote_asset, d.sector, d.risk_level, d.status,
       CASE f.ingest_source WHEN 1 THEN 'STREAM' WHEN 2 THEN 'BACKFILL' WHEN 3 THEN 'REPLAY' WHEN 4 THEN 'CORRECTION' END AS ingest_source,
       f.quality_flags,
       f.symbol_key
FROM FACT_TRADES AS f
JOIN DIM_SYMBOL_VERSIONS AS d ON d.symbol_key = f.symbol_key AND d.recorded_to = 253402214400000000;

-- Every trade that was understood or not, believed or not.
DROP VIEW IF EXISTS SILVER_TRADES;
CREATE VIEW SILVER_TRADES AS
SELECT c.ticker, c.trade_id, c.trade_time, c.price, c.quantity, c.total_amount_usd, c.aggressor_side, c.ingest_source,
       1 AS is_valid, NULL AS error_reason
FROM CONSUMPTION_TRADES AS c
UNION ALL
SELECT r.ticker, r.trade_id, NULL, NULL, NULL, NULL, NULL, NULL, 0, r.error_reason
FROM REJECTED_TRADES AS r;
