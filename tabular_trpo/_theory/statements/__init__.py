"""The statements of the table, one module a topic."""
