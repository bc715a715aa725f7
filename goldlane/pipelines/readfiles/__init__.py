"""``read_files``, ``cloud_files`` and their kin in SQL text: files and message queues as tables.

Differs from Databricks:

- the format is recognised by the names of the files, not by their content;
- ``read_files`` as a batch looks at every file for the schema, each time its query is planned;
- ``read_kinesis``, ``read_pubsub``, ``read_pulsar`` and ``read_statestore`` are refused by name.
"""

from __future__ import annotations

from goldlane.pipelines.readfiles.functions import file_functions

__all__ = ["file_functions"]
