"""`campaign`: screen every theorem on random pairs, and judge the pairs near equality exactly.

command       the arguments, the loop over chunks, the header of the file
worker        the tasks that executors run
journal       the file of a campaign, which a killed campaign continues
sealed_lines  the lines of the file, each with a hash of all lines before it
totals        sums over the chunks
report        the report as text and as JSON
"""
