ALTER TABLE TRADE_COVERAGE ADD COLUMN STATE VARCHAR NOT NULL DEFAULT 'STORED'
    COMMENT 'STORED; REJECTED where the exchange itself has no valid trade; QUARANTINED where a copy was rejected and the id counts as missing';
