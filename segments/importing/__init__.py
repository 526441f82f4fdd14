"""From the bytes of a CSV file to clean rows: sniffing, reading, mapping, cleaning. Pure: it knows no table."""
