"""Refreshes materialized views by what has changed in their sources since the last refresh."""
