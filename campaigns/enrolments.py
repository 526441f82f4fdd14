"""The verbs over enrolments in bulk. All SQL is in sql/enrolments.sql; each call is one statement."""

from config.lib.sql import Statements

_SQL = Statements("campaigns", "enrolments")
rows, count = _SQL.rows, _SQL.count
