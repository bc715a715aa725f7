"""WHAT: the payments lane, from landing files to gold; a reader copies this to start their own."""
