"""Asset bundles, read without a workspace: ``databricks.yml`` and what it includes, checked before anything is deployed."""
