"""Events on their way in: read from a body, brought to one shape, judged by the registry. Pure; it knows no table."""
