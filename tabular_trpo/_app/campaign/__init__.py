"""`campaign`: screen every theorem on drawn pairs, judge exactly those that come near equality.

command       the arguments, the loop over chunks, the header of the file
worker        the tasks that executors run
journal       the file, which survives being killed at any moment
sealed_lines  its lines, each with a hash of all before it
totals        sums over the chunks
report        the report
"""
