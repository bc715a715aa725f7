# Databricks notebook source
# MAGIC %md
# MAGIC # Publish the features
# MAGIC
# MAGIC Brings the online store up to date with the gold tables, so that agents read what the pipeline knew last.
# MAGIC
# MAGIC | parameter | meaning |
# MAGIC |---|---|
# MAGIC | `catalog`, `schema` | where the tables are |
# MAGIC | `storage` | on a laptop, the folder that `goldlane run` wrote to; empty in a workspace |
# MAGIC | `store` | the online store's URL; empty means the project's own |
# MAGIC | `mode` | `triggered` publishes what changed, `snapshot` everything |

# COMMAND ----------

import json

from expectations import RULES
from features import FEATURE_SETS, FEATURE_TABLES
from goldlane.features import open_store
from goldlane.features.gate import GateError
from goldlane.features.lakehouse import lakehouse
from goldlane.features.publishing_all import publish_all, require_published
from goldlane.reports.provenance import Provenance
from goldlane.settings import read_settings

dbutils.widgets.text("catalog", "")
dbutils.widgets.text("schema", "")
dbutils.widgets.text("storage", "")
dbutils.widgets.text("store", "")
dbutils.widgets.dropdown("mode", "triggered", ["triggered", "snapshot"])

# COMMAND ----------

where = lakehouse(catalog=dbutils.widgets.get("catalog"), schema=dbutils.widgets.get("schema"), storage=dbutils.widgets.get("storage"))
settings = read_settings()
store = open_store(dbutils.widgets.get("store") or settings.store, folder=settings.root)

# COMMAND ----------

# MAGIC %md
# MAGIC ## One table after the other
# MAGIC
# MAGIC A table that breaks a rule it must not break is refused, and the store keeps what it has; the others are published all the same.
# MAGIC Beside the rows, the store is told the tables' declarations, the graph they come from and the rules they passed: whoever serves from
# MAGIC it needs nothing else. The store on Databricks is published by the platform, which asks no rules: there the quality gate before this
# MAGIC task is what stops a bad table.

# COMMAND ----------

told = Provenance(where.storage, RULES).of if where.storage else None
done = list(publish_all(FEATURE_TABLES, where, store, dbutils.widgets.get("mode"), rules=RULES, catalogue=told))
for each in done:
    print(f"{each.table}: {each if isinstance(each, GateError) else f'{each.rows_written:,} rows written, version {each.version}'}")

# COMMAND ----------

published = require_published(done)
if not hasattr(store, "publish_table"):
    store.write_feature_sets(FEATURE_SETS)
store.close()

# COMMAND ----------

# MAGIC %md
# MAGIC The task ends with the number of rows that were written for each table.

# COMMAND ----------

dbutils.notebook.exit(json.dumps({each.table: each.rows_written for each in published}))
