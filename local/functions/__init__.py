"""Lambda: execution environments, the Runtime API they call, and their logs."""
