"""`manage.py faults`: whole campaigns in a deployment of its own, while something goes wrong.

Each fault is a class of the rooms beside this file; what it broke, and whether the sums still close, is one JSON line.
docs/reliability.md says what the figures mean and holds the last run's table.
"""
