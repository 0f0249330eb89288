"""An emulator of AWS on one machine: runs template.yaml without an account and without Docker."""
