"""From the bytes of a CSV or JSON Lines file to clean rows: sniffing, reading, mapping, cleaning. Knows no table."""
