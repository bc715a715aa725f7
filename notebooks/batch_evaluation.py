# Databricks notebook source
# MAGIC %md
# MAGIC # Evaluate the scorers
# MAGIC
# MAGIC Were they right? The scores of earlier runs beside the fraud that was reported since. A day's analysts can look at so many alerts: what
# MAGIC counts is how many of those were fraud.
# MAGIC
# MAGIC | parameter | meaning |
# MAGIC |---|---|
# MAGIC | `catalog`, `schema` | where the tables are |
# MAGIC | `storage` | on a laptop, the folder that `goldlane run` wrote to; empty in a workspace |
# MAGIC | `scores` | the table that `goldlane-score` writes |
# MAGIC | `metrics` | the table that is updated here |
# MAGIC | `alerts` | how many alerts of one day are looked at |
# MAGIC | `days` | how many days of evaluations are counted anew, for fraud is reported late |

# COMMAND ----------

import json

from pyspark.sql import functions as F

from goldlane.features.lakehouse import lakehouse
from pipelines.gold.scorer_metrics import scorer_metrics, totals

dbutils.widgets.text("catalog", "")
dbutils.widgets.text("schema", "")
dbutils.widgets.text("storage", "")
dbutils.widgets.text("scores", "transaction_scores")
dbutils.widgets.text("metrics", "scorer_metrics")
dbutils.widgets.text("alerts", "20")
dbutils.widgets.text("days", "60")

# COMMAND ----------

where = lakehouse(catalog=dbutils.widgets.get("catalog"), schema=dbutils.widgets.get("schema"), storage=dbutils.widgets.get("storage"))
scores = where.read(spark, dbutils.widgets.get("scores"))
newest = scores.agg(F.max("day")).first()[0]
if newest is None:
    dbutils.notebook.exit(json.dumps({"day": None, "alerts_caught": {}}))
since = f"day > DATE'{newest}' - INTERVAL {int(dbutils.widgets.get('days'))} DAYS"

# COMMAND ----------

# MAGIC %md
# MAGIC ## Precision and recall among the alerts
# MAGIC
# MAGIC One row per evaluation, scorer, version and day of sale. Rows of older evaluations stay as they are; the newer ones are replaced in one
# MAGIC commit, so that running this again changes nothing but what was reported meanwhile. Young days look worse than they are: their fraud is
# MAGIC still to be reported.

# COMMAND ----------

found = scorer_metrics(scores.where(since), where.read(spark, "silver_chargebacks"), alerts=int(dbutils.widgets.get("alerts")))
where.write(found, dbutils.widgets.get("metrics"), instead_of=since)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The newest evaluation

# COMMAND ----------

summary = totals(where.read(spark, dbutils.widgets.get("metrics")).where(F.col("day") == F.lit(newest)))
summary.show(truncate=False)

# COMMAND ----------

caught = {f"{row['scorer']}@{row['model_version']}": row["alerts_caught"] for row in summary.collect()}
dbutils.notebook.exit(json.dumps({"day": str(newest), "alerts_caught": caught}))
