"""The formula language, the table of theorems, and how a claim is decided on a pair of policies.

The modules in reading order:

vocabulary:                the quantities and functions of the formula language, one entry each
expression, symbols, trace:  formulas as expressions, from functions of p and from text
pair, quantities:          a model with two policies, and the values of its quantities
ops, float_ops, exact_ops, interval_ops:  the operations of the language in each arithmetic
fisher, enclosed, plain:   Fisher matrices; float pairs with error bounds; batches without bounds
claim, verdict:            `Theorem`, `Claim` and `Verdict`, the records
statements, theorems:      the theorems by topic, and the table of all theorems
wording, constants, center:  texts of the sources, constants of bounds, centers of bounds
misquotations, fixtures:   false statements, and the pairs that refute them
tightness, ratio:          the largest known gap / penalty, and gap / penalty as a double
judge, selection, verdicts:  deciding one claim; choosing theorems; deciding all of them
certificate, certifiable, enclosable:  certificates, and the claims that `check` can verify
"""
