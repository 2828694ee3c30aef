"""Modules that several commands use.

output       `Answer`, and the functions that write it
errors       exit codes, and the report of an exception as one text and one exit code
page         the layout of a report: paragraphs and tables
tables       tables laid out to the width of the page
wrapping     paragraphs wrapped to the width of the page
formatting   numbers as text and for JSON
arguments    parsers of numeric arguments, --arithmetic and --work, choice by name
theorems     theorems chosen by name
models       model files and policies named in arguments
pairs        the pairs of policies that theorems are judged on
files        file names and JSON documents
progress     the progress bar
plotting     figures as PNG
executors    worker processes, dask and MPI
supervision  a child process runs the command, so that an interrupt ends it at any moment
"""
