"""What the tests of every kind share: builders, a client, a table, the wire counted."""
