"""The command `campaign`: screen every theorem on millions of drawn pairs."""
