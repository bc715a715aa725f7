"""Silver: rows typed, to be checked by the rules and kept unique by AUTO CDC."""
