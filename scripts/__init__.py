"""Experiments on small models: each prints a table and draws a figure; tests run all of them."""
