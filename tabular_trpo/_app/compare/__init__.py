"""`compare`: sampled TRPO, other methods and the exact limit on equal numbers of simulator steps.

command  the arguments and the runs
report   the report as text and as JSON
figure   the learning curves
"""
