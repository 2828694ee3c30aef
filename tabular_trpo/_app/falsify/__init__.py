"""`falsify`: search for counterexamples to the claims of a Python file.

command         the arguments and the search, claim by claim
claim_file      the claims of a file, run in isolation and checked
sandbox         redirection of the prints of user code to standard error
explain         exceptions of a claim file as problems with a cure
probe           a test whether a claim has a value on any pair
worked_example  the values of a claim on one pair
outcome         the results of a run and its exit code
files           the files of a counterexample or witness, and of its certificate
report          the report as text
document        the report as JSON
"""
