"""What can be wrong with a SQL source file."""

from __future__ import annotations

from goldlane.pipelines.errors import PipelineError


class SqlSourceError(PipelineError):
    """A statement of a SQL source file is none that a pipeline takes, or does not say what it must."""
