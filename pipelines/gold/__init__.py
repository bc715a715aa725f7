"""Gold: one row per key and event time, the history that training joins to."""
