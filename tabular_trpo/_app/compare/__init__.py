"""`compare`: sampled TRPO beside its rivals and its exact limit, on equal simulator steps.

command  the arguments and the runs
report   the report as text and as JSON
figure   the learning curves
"""
