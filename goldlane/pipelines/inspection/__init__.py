"""Looks at source files without running a dataset's function: what they declare, read and may do beside."""
