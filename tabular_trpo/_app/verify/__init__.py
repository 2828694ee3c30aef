"""`verify`: judge every theorem on pairs of policies of every model.

command   the arguments and the loop over models and pairs
outcome   the results of a run and its exit code
tally     counts of verdicts, the least slack, the largest tightness
report    the report as text
tables    the tables of the report
document  the report as JSON
"""
