"""Linear algebra of closed chains: I - gamma P_pi, solved forward for V and backward for rho.

Read `dense` first; `sparse` and `rational` have the same functions for their arrays.

dense:       float64, batched: close a model by a policy, expectations, resolvents
sparse:      the same for CSR
rational:    the same for Fractions, by integers and FLINT
elimination: LU of batches of small M-matrices, without pivoting
twofold:     unevaluated sums of two doubles
sliced:      products with a stochastic matrix to about 27 digits, for residuals
pseudo:      pseudo-inverses of small symmetric matrices
"""
