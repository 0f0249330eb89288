"""Tools around the product: operations, builds and the reference."""
