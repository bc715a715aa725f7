-- The transactions of the last `days` days of data whose merchant was of high risk when they were made.
-- One row per transaction_id. Parameters: catalog, schema, days.
CREATE OR REPLACE TABLE IDENTIFIER(:catalog || '.' || :schema || '.high_risk_transactions') AS
WITH recent AS (
  SELECT transaction_id, customer_id, merchant_id, amount, currency, event_time
  FROM IDENTIFIER(:catalog || '.' || :schema || '.silver_transactions')
  WHERE event_time > (
    SELECT max(event_time) - make_dt_interval(CAST(:days AS INT))
    FROM IDENTIFIER(:catalog || '.' || :schema || '.silver_transactions')
  )
),
known AS (
  SELECT
    recent.*,
    features.fraud_rate_30d,
    features.risk_tier,
    -- What was known before the sale: a merchant's row of that day already counts the sale itself.
    row_number() OVER (PARTITION BY recent.transaction_id ORDER BY features.as_of DESC) AS position
  FROM recent
  INNER JOIN IDENTIFIER(:catalog || '.' || :schema || '.merchant_features') AS features
    ON features.merchant_id = recent.merchant_id AND features.as_of < recent.event_time
)
SELECT transaction_id, customer_id, merchant_id, amount, currency, event_time, fraud_rate_30d
FROM known
WHERE position = 1 AND risk_tier = 'high'
