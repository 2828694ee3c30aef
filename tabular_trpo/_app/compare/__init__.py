"""`compare`: sampled TRPO, other methods and the exact limit on equal numbers of simulator steps.

command       the arguments and the runs
environments  Gymnasium environments by name
report        the report as text and as JSON
iterates      every iterate of one run on an environment
habits        the table of --habits
saved         runs kept in a folder
figure        the learning curves
"""
