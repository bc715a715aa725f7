-- The SQL beside the Python API: one pipeline of every kind of statement.
SET smallest = 0;

CREATE OR REFRESH STREAMING TABLE events (
  id BIGINT COMMENT 'who',
  name STRING,
  CONSTRAINT known EXPECT (id IS NOT NULL) ON VIOLATION DROP ROW,
  CONSTRAINT named EXPECT (name != 'Bob')
)
COMMENT 'as they came'
TBLPROPERTIES ('quality' = 'bronze')
AS SELECT id, name FROM STREAM read_files('${landing}/events', format => 'json', schema => 'id BIGINT, name STRING');

CREATE LIVE TABLE old_style
AS SELECT id FROM LIVE.events WHERE id > ${smallest};

CREATE OR REFRESH MATERIALIZED VIEW per_city (
  city STRING NOT NULL,
  people BIGINT,
  CONSTRAINT some EXPECT (people > 0) ON VIOLATION FAIL UPDATE,
  CONSTRAINT city_key PRIMARY KEY (city)
)
CLUSTER BY (city)
AS
WITH living AS (SELECT * FROM newest)
SELECT city, count(*) AS people FROM living GROUP BY city;

CREATE TEMPORARY VIEW changes
AS SELECT * FROM STREAM(customer_changes) WHERE operation <> 'TRUNCATE';

CREATE OR REFRESH STREAMING TABLE newest;

CREATE FLOW newest_flow AS AUTO CDC INTO newest
FROM STREAM(changes)
KEYS (id)
APPLY AS DELETE WHEN operation = 'DELETE'
SEQUENCE BY number
COLUMNS * EXCEPT (operation, number, written)
STORED AS SCD TYPE 1;

CREATE OR REFRESH STREAMING TABLE history;

APPLY CHANGES INTO LIVE.history
FROM STREAM(LIVE.changes)
KEYS (id)
IGNORE NULL UPDATES
APPLY AS DELETE WHEN operation = 'DELETE'
SEQUENCE BY number
COLUMNS id, city
STORED AS SCD TYPE 2
TRACK HISTORY ON city;

CREATE OR REFRESH STREAMING TABLE collected (id BIGINT, origin STRING);

CREATE FLOW from_events AS INSERT INTO collected BY NAME SELECT id, 'events' AS origin FROM STREAM events;

CREATE FLOW from_changes AS INSERT INTO ONCE collected BY NAME SELECT id, 'changes' AS origin FROM customer_changes;
