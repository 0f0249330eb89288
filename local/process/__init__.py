"""Sockets, locks and child processes."""
