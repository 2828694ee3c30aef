"""What several commands need.

output       `Answer`, and where it is written
errors       exit codes; exceptions become one text and one code
page         the layout of a report: paragraphs and tables
tables       tables for a page of any width
wrapping     paragraphs for a page of any width
formatting   numbers as text and for JSON
arguments    readers of numeric arguments, --arithmetic and --work, choice by name
theorems     theorems by name
models       models and policies that arguments name
pairs        the pairs of policies of a model that are judged
files        file names and JSON documents
progress     the progress bar
plotting     figures as PNG
executors    processes, dask and MPI
supervision  a child does the work, so that an interrupt ends it at any moment
"""
