# Databricks notebook source
# MAGIC %md
# MAGIC # Explore the features
# MAGIC
# MAGIC What the gold tables hold, before a model is trained on them: how many rows, how fresh, how complete, and which feature moves with
# MAGIC fraud.
# MAGIC
# MAGIC | parameter | meaning |
# MAGIC |---|---|
# MAGIC | `catalog`, `schema` | where the tables are |
# MAGIC | `storage` | on a laptop, the folder that `goldlane run` wrote to; empty in a workspace |

# COMMAND ----------

import json

from pyspark.sql import functions as F

from features import FEATURE_TABLES
from goldlane.features import point_in_time_join
from goldlane.features.lakehouse import lakehouse
from pipelines.gold.fraud_labels import fraud_labels
from pipelines.training.fraud_classifier import number_columns

dbutils.widgets.text("catalog", "")
dbutils.widgets.text("schema", "")
dbutils.widgets.text("storage", "")

# COMMAND ----------

where = lakehouse(catalog=dbutils.widgets.get("catalog"), schema=dbutils.widgets.get("schema"), storage=dbutils.widgets.get("storage"))
tables = {table: where.read(spark, table.name) for table in FEATURE_TABLES if not table.has_tiles}

# COMMAND ----------

# MAGIC %md
# MAGIC ## What each table is
# MAGIC
# MAGIC One row per key and event time: the whole history, which training joins to. The pages below are made from the declarations in
# MAGIC `features/`, so they say what the columns mean and in which unit.

# COMMAND ----------

for table in tables:
    print(table.page())

# COMMAND ----------

# MAGIC %md
# MAGIC ## How much, how fresh, how complete
# MAGIC
# MAGIC NULL is an answer, too: a customer without a sale in thirty days has no mean amount. A share that jumps is worth a look at the source.

# COMMAND ----------

for table, rows in tables.items():
    size = [F.count(F.lit(1)).alias("rows"), F.count_distinct(*table.keys).alias("keys"), F.max(table.event_time).alias("newest")]
    missing = [F.avg(F.col(feature.name).isNull().cast("double")).alias(feature.name) for feature in table.features]
    print(table.name)
    rows.agg(*size).show(truncate=False)
    rows.agg(*missing).show(vertical=True)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Which feature moves with fraud
# MAGIC
# MAGIC Sales whose thirty days are over, beside what was known just before each of them. A correlation is no cause, and a feature without
# MAGIC one may still matter beside others; but one that is far higher than the rest is often a leak.

# COMMAND ----------

labels = fraud_labels(where.read(spark, "silver_transactions"), where.read(spark, "silver_chargebacks"))
known = point_in_time_join(labels, tables, label_time="event_time", boundary="exclusive", prefix=True)
numbers = number_columns({name: kind for name, kind in known.dtypes if "__" in name or name == "amount"})
fraud = F.col("fraud").cast("double")
found = known.agg(F.count(F.lit(1)).alias("labels"), *(F.corr(F.col(name).cast("double"), fraud).alias(name) for name in numbers)).first()
correlations = {name: found[name] for name in numbers}
for name, value in sorted(correlations.items(), key=lambda pair: -abs(pair[1] or 0.0)):
    print(f"{name:<45} {'unknown' if value is None else f'{value:+.3f}'}")

# COMMAND ----------

dbutils.notebook.exit(json.dumps({"labels": found["labels"], "correlations": correlations}))
