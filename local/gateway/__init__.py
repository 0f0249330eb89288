"""The HTTP API: from a request to a function's event, and from its result to the response."""
