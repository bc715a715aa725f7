"""Bronze: rows as they came, and where from."""
