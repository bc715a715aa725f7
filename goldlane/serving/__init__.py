"""Features over HTTP, in the platform's wire format. Imports neither Spark nor pandas.

``goldlane.serving.app.make_app`` is the application, ``goldlane.serving.server.serve`` runs it.
"""
