# Databricks notebook source
# MAGIC %md
# MAGIC # Inspect the quarantine
# MAGIC
# MAGIC Rows that broke a rule are not lost: they wait in a `..._quarantine` table beside the one they were meant for, as they came, with the
# MAGIC names of the rules they broke. This notebook says how many wait, and why.
# MAGIC
# MAGIC | parameter | meaning |
# MAGIC |---|---|
# MAGIC | `catalog`, `schema` | where the tables are |
# MAGIC | `storage` | on a laptop, the folder that `goldlane run` wrote to; empty in a workspace |

# COMMAND ----------

import json

from expectations import RULES
from goldlane.expectations import quarantine_reasons
from goldlane.features.lakehouse import lakehouse

dbutils.widgets.text("catalog", "")
dbutils.widgets.text("schema", "")
dbutils.widgets.text("storage", "")

# COMMAND ----------

where = lakehouse(catalog=dbutils.widgets.get("catalog"), schema=dbutils.widgets.get("schema"), storage=dbutils.widgets.get("storage"))
names = [f"{table}_quarantine" for table in RULES if where.has(spark, f"{table}_quarantine")]
waiting = {name: where.read(spark, name) for name in names}
counts = {name: rows.count() for name, rows in waiting.items()}
for name, count in counts.items():
    print(f"{name}: {count:,} rows")

# COMMAND ----------

# MAGIC %md
# MAGIC ## Why they wait
# MAGIC
# MAGIC A row that broke several rules counts for each of them. An unreadable line has no columns, and so breaks most rules at once.

# COMMAND ----------

for name, rows in waiting.items():
    print(name)
    quarantine_reasons(rows, RULES[name.removesuffix("_quarantine")]).show(truncate=False)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The newest of them
# MAGIC
# MAGIC `_raw` keeps the text of values that could not be read. Once the rule or the source is mended,
# MAGIC `goldlane.expectations.replay_quarantine` asks the rows again, and those that pass return to their table, once.

# COMMAND ----------

for rows in waiting.values():
    display(rows.orderBy(rows["_quarantined_at"].desc()).limit(20))

# COMMAND ----------

dbutils.notebook.exit(json.dumps(counts))
