"""The names of Auto Loader's options and formats."""

from __future__ import annotations

PREFIX = "cloudfiles."
FORMATS = ("json", "csv", "parquet", "text", "binaryFile", "avro", "orc", "xml")
DEFAULT_RESCUED_COLUMN = "_rescued_data"
OWN = (
    "format",
    "schemaLocation",
    "schemaHints",
    "schemaEvolutionMode",
    "inferColumnTypes",
    "includeExistingFiles",
    "partitionColumns",
    "rescuedDataColumn",
    "maxFilesPerTrigger",
    "maxBytesPerTrigger",
    "maxFileAge",
    "schemaInference.sampleSize.numBytes",
    "schemaInference.sampleSize.numFiles",
)
# Notification queues, listing strategies and clean-up belong to the cloud; here every trigger lists the folder.
WITHOUT_EFFECT = (
    "allowOverwrites",
    "backfillInterval",
    "cleanSource",
    "cleanSource.moveDestination",
    "cleanSource.retentionDuration",
    "clientEmail",
    "clientId",
    "clientSecret",
    "connectionString",
    "databricks.serviceCredential",
    "fetchParallelism",
    "listOnStart",
    "pathRewrites",
    "privateKey",
    "privateKeyId",
    "projectId",
    "queueName",
    "queueUrl",
    "region",
    "resourceGroup",
    "resourceTag",
    "resourceTags",
    "roleArn",
    "roleExternalId",
    "roleSessionName",
    "stsEndpoint",
    "subscription",
    "subscriptionId",
    "tenantId",
    "useIncrementalListing",
    "useManagedFileEvents",
    "useNotifications",
    "useStrictGlobber",
    "validateOptions",
    "maxResultSize",
)
