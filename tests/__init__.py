"""Tests of tabular_trpo; tests/README.md says where a new one goes."""
