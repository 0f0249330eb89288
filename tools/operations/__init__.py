"""Commands for operators, which read and repair a table on AWS."""
