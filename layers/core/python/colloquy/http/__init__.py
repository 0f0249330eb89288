"""HTTP at the edge: the resolver, the error envelope, the caller, and the models of the wire."""
