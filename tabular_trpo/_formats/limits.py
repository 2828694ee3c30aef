"""Limits of what a file holds, each checked before the work that it bounds.

The limits of digits and exponents are in `core.numbers`, those of names in `core.names`, those of
tables in `core.memory`.
"""

FORMAT = "tabular-trpo-mdp"
VERSION = 1

MOST_BYTES = 64 * 2**20  # of a file
MOST_DEPTH = 64  # of nested lists and objects
MOST_BRACKETS = 2**22  # lists and objects in all: an empty one costs 56 bytes for 2 in the file
MOST_ROW_BITS = 2**16  # of the different denominators of one row together: bounds their common one
MOST_COMPARED = 1000  # names searched for one that is spelled alike
MOST_SCANNED = 2**24  # characters searched for line numbers once an error is certain
