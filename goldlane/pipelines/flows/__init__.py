"""Brings one dataset up to date: one module per kind of flow, and the table they write into."""

from goldlane.pipelines.flows.dataset import DatasetWriter
from goldlane.pipelines.flows.target import Target

__all__ = ["DatasetWriter", "Target"]
