"""`improve`: a run of policy improvement with a certificate for each step.

command  the arguments and the run
methods  the policy improvement methods by name
report   the report as text and as JSON, and the exit code
figure   the figure of a run
"""
