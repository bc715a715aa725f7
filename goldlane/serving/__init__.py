"""Features for applications over HTTP, in the platform's wire format, and for models as tools. Imports neither Spark nor pandas.

``goldlane.serving.app.make_app`` is the application, ``goldlane.serving.server.serve`` runs it; ``goldlane.serving.tools`` are the tools.
"""
