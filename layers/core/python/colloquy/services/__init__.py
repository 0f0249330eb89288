"""What a caller can do, one module per group; sees the table only through the ports."""
