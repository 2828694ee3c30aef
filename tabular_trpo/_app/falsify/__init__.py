"""`falsify`: search for counterexamples to the claims of a Python file.

command         the arguments and the search, claim by claim
claim_file      the claims of a file, run in isolation and checked
sandbox         the user's code kept off standard output
explain         its exceptions as problems with a cure
probe           a test whether a claim has a value at all
worked_example  the numbers of a claim on one pair
outcome         the results of a run and its exit code
files           the counterexample or witness, and the certificate
report          the report as text
document        the report as JSON
"""
