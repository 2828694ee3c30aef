"""Timings in one run, each beside the bare linear algebra it rests on; never part of the tests."""
