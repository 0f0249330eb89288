"""template.yaml, read into plain values."""
