"""Invocations without a request: the table's stream, schedules and subscribed logs."""
