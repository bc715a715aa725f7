"""Auto Loader as pipelines use it: every format of public code, schemas that grow, hints, rescued data, where a row came from."""

import dlt
from pyspark.sql.functions import col

LANDING = spark.conf.get("landing")


def landed(feed, **options):
    reader = spark.readStream.format("cloudFiles")
    for key, value in options.items():
        reader = reader.option(key.replace("__", "."), value)
    return reader.load(f"{LANDING}/{feed}")


@dlt.table
def grown():
    return landed("events", cloudFiles__format="json").select("*", col("_metadata.file_name").alias("file"))


@dlt.table
def typed():
    return landed("events", cloudFiles__format="json", cloudFiles__inferColumnTypes=True, cloudFiles__schemaEvolutionMode="rescue")


@dlt.table
def hinted():
    return landed(
        "prices",
        cloudFiles__format="csv",
        cloudFiles__schemaHints="price DECIMAL(10,2), day DATE",
        cloudFiles__schemaEvolutionMode="none",
        cloudFiles__rescuedDataColumn="_rescued",
        header="true",
    )


@dlt.table(schema="id BIGINT, name STRING")
def given():
    return (
        spark.readStream.format("cloudFiles")
        .option("cloudFiles.format", "json")
        .option("cloudFiles.maxFilesPerTrigger", 1)
        .schema("id BIGINT, name STRING")
        .load(f"{LANDING}/events")
    )
