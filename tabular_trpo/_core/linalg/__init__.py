"""Linear algebra of closed chains in three kernels that share their verbs: close, expect, solve."""
