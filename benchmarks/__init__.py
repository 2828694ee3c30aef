"""Timings relative to bare linear algebra, and long randomized checks; not part of the tests."""
