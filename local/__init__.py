"""The stand-in for AWS on one machine: runs template.yaml without an account and without Docker."""
