"""The command `falsify`: search for counterexamples to the claims of a file."""
