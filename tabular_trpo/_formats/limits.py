"""What a file may hold at most.  Each limit is checked before the work it bounds is begun.

Digits and exponents of numbers are capped by `core.numbers`, names by `core.names`, dense tables by
`core.memory`.
"""

FORMAT = "tabular-trpo-mdp"
VERSION = 1

MOST_BYTES = 64 * 2**20  # of a file
MOST_DEPTH = 64  # of nested lists and objects
MOST_BRACKETS = 2**22  # lists and objects in all: an empty one costs 56 bytes for 2 in the file
MOST_ROW_BITS = 2**16  # of the different denominators of one row together: bounds their common one
MOST_COMPARED = 1000  # names searched for one that is spelled alike
MOST_SCANNED = 2**24  # characters searched for line numbers once an error is certain
