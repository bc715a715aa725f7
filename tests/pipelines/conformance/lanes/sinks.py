"""Sinks and handlers of batches, flows that update and replace, hooks."""

from pathlib import Path

import dlt
from pyspark.sql import functions as F

OUT = spark.conf.get("out")

dlt.create_sink(name="outside", format="delta", options={"path": f"{OUT}/outside"})


@dlt.append_flow(name="to_outside", target="outside", depends_on=["kept"])
def kept_orders():
    return dlt.read_stream("kept")


@dlt.table
def kept():
    return dlt.read_stream("orders")


@dlt.foreach_batch_sink(name="counted")
def count_rows(df, _batch_id):
    with Path(OUT, "counted").open("a", encoding="utf-8") as file:
        file.write(f"{df.count()}\n")


@dlt.append_flow(target="counted")
def to_counted():
    return dlt.read_stream("kept")


@dlt.foreach_batch_sink
def totals(df, _batch_id):
    df.write.format("delta").mode("append").save(f"{OUT}/totals")


@dlt.update_flow(name="changed_totals", target="totals", spark_conf={}, comment="only what changed", depends_on=None)
def changed():
    return dlt.read_stream("kept").groupBy("id").agg(F.count("*").alias("orders"))


dlt.create_streaming_table("prices")


@dlt.replace_flow(target="prices", replace_using=["id"], sequence_by="price", name="newest_price", comment="highest wins", spark_conf={})
def highest():
    return dlt.read_stream("kept").select("id", "price")


@dlt.table(name="named_prices", replace_using=["name"], sequence_by=F.col("price"), format="delta")
def by_name():
    return dlt.read_stream("kept").select("name", "price")


@dlt.temporary_view
def few():
    return dlt.read("kept").limit(1)


@dlt.on_event_hook(max_allowable_consecutive_failures=3)
def listen(event):
    if event["event_type"] == "update_progress":
        with Path(OUT, "heard").open("a", encoding="utf-8") as file:
            file.write(event["details"]["update_progress"]["state"] + "\n")


def also_listen(event):
    if event["event_type"] == "create_update":
        Path(OUT, "created").write_text(event["message"], encoding="utf-8")


dlt.on_event_hook(fn=also_listen)
