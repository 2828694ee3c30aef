"""Experiments on small models; each prints what it found, and a test runs each at a tiny size."""
