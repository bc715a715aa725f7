# Databricks notebook source
# MAGIC %md
# MAGIC # Train the fraud model
# MAGIC
# MAGIC From the features as they were known just before each sale to a registered model that finds its features by itself.
# MAGIC
# MAGIC | parameter | meaning |
# MAGIC |---|---|
# MAGIC | `catalog`, `schema` | where the tables are |
# MAGIC | `storage` | on a laptop, the folder that `goldlane run` wrote to; empty in a workspace |
# MAGIC | `experiment` | the MLflow experiment of the run |
# MAGIC | `model` | the name under which the model is registered; in a workspace `catalog` and `schema` come before it |

# COMMAND ----------

import json

import mlflow

from features import FEATURE_TABLES
from goldlane.features import log_model, start_run, training_set
from goldlane.features.lakehouse import lakehouse
from goldlane.features.probabilities import ProbabilityOf
from pipelines.gold.fraud_labels import fraud_labels
from pipelines.training.fraud_classifier import fit_fraud_classifier, number_columns

dbutils.widgets.text("catalog", "")
dbutils.widgets.text("schema", "")
dbutils.widgets.text("storage", "")
dbutils.widgets.text("experiment", "fraud")
dbutils.widgets.text("model", "fraud_model")

# COMMAND ----------

# MAGIC %md
# MAGIC ## Labels
# MAGIC
# MAGIC Fraud becomes visible days after the sale, when it is reported. Only sales whose thirty days are over have a label: a younger one that
# MAGIC nobody has reported yet is not an honest one.

# COMMAND ----------

where = lakehouse(catalog=dbutils.widgets.get("catalog"), schema=dbutils.widgets.get("schema"), storage=dbutils.widgets.get("storage"))
labels = fraud_labels(where.read(spark, "silver_transactions"), where.read(spark, "silver_chargebacks")).drop("transaction_id")

# COMMAND ----------

# MAGIC %md
# MAGIC ## The training set
# MAGIC
# MAGIC Every sale with the newest features from before it, never from its own instant. The record names the version of each table that was
# MAGIC read: from it the same rows can be made again, whatever is written later.

# COMMAND ----------

tables = where.sources(spark, FEATURE_TABLES)
made = training_set(labels, tables, label="fraud", label_time="event_time", boundary="exclusive", prefix=True)
rows, inputs = made.to_pandas(), number_columns(made.input_types)
print(f"{len(rows):,} sales, {int(rows['fraud'].sum()):,} of them frauds; {len(inputs)} inputs")

# COMMAND ----------

# MAGIC %md
# MAGIC ## The model, and how it judges what came after
# MAGIC
# MAGIC It learns from the first 70 % of the sales and is judged by the rest, in the order of time, as it will be used. Signature, training
# MAGIC set, tables with their versions, the updates that wrote them, and the metrics all stand in one run.

# COMMAND ----------

fitted = fit_fraud_classifier(rows, inputs, label="fraud", time="event_time")
name = where.model_name(dbutils.widgets.get("model"))
with start_run("fraud_model", experiment=dbutils.widgets.get("experiment")) as run:
    logged = log_model(ProbabilityOf(fitted.classifier), made, inputs=inputs, registered_model_name=name)
    mlflow.log_params({"inputs": len(inputs), "rows": len(rows)})
    mlflow.log_metrics(fitted.metrics)
for metric, value in fitted.metrics.items():
    print(f"{metric:<20} {value:.3f}")

# COMMAND ----------

# MAGIC %md
# MAGIC The task ends with the run and the model. `goldlane-score --scorers fraud_model` scores a table with its newest version.

# COMMAND ----------

result = {"run_id": run.info.run_id, "model": name, "version": logged.registered_model_version, "metrics": fitted.metrics}
dbutils.notebook.exit(json.dumps(result))
