"""Commands for the developer, apart from ``make run``."""
