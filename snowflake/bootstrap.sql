-- The administrator's part, run once by hand.
-- Names in braces are to be filled in. Everything else is done by the migrations as the owner role.

-- Database and schema, owned by the owner role.
USE ROLE USERADMIN;
CREATE ROLE IF NOT EXISTS {{owner_role}} COMMENT = 'Owns the objects of the trade warehouse and runs its migrations';
CREATE ROLE IF NOT EXISTS {{loader_role}} COMMENT = 'Streams rows in; nothing else';
CREATE ROLE IF NOT EXISTS {{transformer_role}} COMMENT = 'Calls the procedures that apply dimension changes and checkpoints';
CREATE ROLE IF NOT EXISTS {{reader_role}} COMMENT = 'Reads the views; for analysts';

USE ROLE SECURITYADMIN;
GRANT ROLE {{owner_role}} TO ROLE SYSADMIN;
GRANT ROLE {{loader_role}} TO ROLE {{transformer_role}};

USE ROLE SYSADMIN;
CREATE DATABASE IF NOT EXISTS {{database}};
COMMENT ON DATABASE {{database}} IS 'Trades as they were streamed, and the star schema over them';
CREATE SCHEMA IF NOT EXISTS {{database}}.{{schema}};
GRANT USAGE ON DATABASE {{database}} TO ROLE {{owner_role}};
GRANT USAGE, CREATE TABLE, CREATE VIEW, CREATE PROCEDURE ON SCHEMA {{database}}.{{schema}} TO ROLE {{owner_role}};

-- The service user signs in with a key pair only. 'trade-ingest check --target snowflake' prints the line that sets the key.
USE ROLE USERADMIN;
CREATE USER IF NOT EXISTS {{user}} TYPE = SERVICE DEFAULT_ROLE = {{transformer_role}} DEFAULT_WAREHOUSE = {{warehouse}} COMMENT = 'The trade capture service';
ALTER USER {{user}} SET RSA_PUBLIC_KEY = '{{public_key}}';

-- Only from where the service runs: put its addresses in place of the example.
USE ROLE ACCOUNTADMIN;
CREATE NETWORK RULE IF NOT EXISTS {{database}}.{{schema}}.{{user}}_INGRESS MODE = INGRESS TYPE = IPV4 VALUE_LIST = ('203.0.113.7/32');
CREATE NETWORK POLICY IF NOT EXISTS {{user}}_POLICY ALLOWED_NETWORK_RULE_LIST = ('{{database}}.{{schema}}.{{user}}_INGRESS');
ALTER USER {{user}} SET NETWORK_POLICY = {{user}}_POLICY;

-- Streaming needs no warehouse; checkpoints and dimension changes use this one for seconds at a time.
CREATE RESOURCE MONITOR IF NOT EXISTS {{warehouse}}_MONITOR WITH CREDIT_QUOTA = 60 FREQUENCY = MONTHLY START_TIMESTAMP = IMMEDIATELY
    TRIGGERS ON 75 PERCENT DO NOTIFY ON 100 PERCENT DO SUSPEND ON 110 PERCENT DO SUSPEND_IMMEDIATE;
CREATE WAREHOUSE IF NOT EXISTS {{warehouse}} WAREHOUSE_SIZE = XSMALL AUTO_SUSPEND = 60 AUTO_RESUME = TRUE INITIALLY_SUSPENDED = TRUE
    STATEMENT_TIMEOUT_IN_SECONDS = 300 RESOURCE_MONITOR = {{warehouse}}_MONITOR COMMENT = 'Trade capture: checkpoints, dimension changes, migrations';

-- Least privilege: the loader inserts, the transformer calls procedures that run with the owner's rights, the reader reads. What they may do with
-- each object is granted by the owner in R__grants.sql. The last GRANT ROLE lets the service's user run the migrations; leave it out where somebody else does.
USE ROLE SECURITYADMIN;
GRANT USAGE ON WAREHOUSE {{warehouse}} TO ROLE {{transformer_role}};
GRANT USAGE ON WAREHOUSE {{warehouse}} TO ROLE {{owner_role}};
GRANT ROLE {{loader_role}} TO USER {{user}};
GRANT ROLE {{transformer_role}} TO USER {{user}};
GRANT ROLE {{owner_role}} TO USER {{user}};
GRANT USAGE ON DATABASE {{database}} TO ROLE {{loader_role}};
GRANT USAGE ON SCHEMA {{database}}.{{schema}} TO ROLE {{loader_role}};
GRANT USAGE ON DATABASE {{database}} TO ROLE {{transformer_role}};
GRANT USAGE ON SCHEMA {{database}}.{{schema}} TO ROLE {{transformer_role}};
GRANT USAGE ON DATABASE {{database}} TO ROLE {{reader_role}};
GRANT USAGE ON SCHEMA {{database}}.{{schema}} TO ROLE {{reader_role}};
