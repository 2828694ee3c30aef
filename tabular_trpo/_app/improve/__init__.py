"""`improve`: a run of policy improvement, each step certified.

command  the arguments and the run
methods  the table of steps
report   the report as text and as JSON, and the exit code
figure   the figure
"""
