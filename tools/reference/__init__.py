"""Writes the OpenAPI document of all functions down, for the function that serves it."""
