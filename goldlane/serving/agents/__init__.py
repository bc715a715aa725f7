"""Two read-only tools for a model, ``describe_features`` and ``get_features``, over any online store."""
