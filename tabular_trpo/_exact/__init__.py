"""Exact values of a policy and of a model, with proved error bounds.

Modules here import `_core` only.  Reading order:

`evaluate`      V, Q, A, rho, d, eta of a policy, exactly or with a proved radius
`enclosure`     the float method of `evaluate`: two solves, accurate residuals, error bounds
`small_batches` the method of `enclosure` in fewer operations, for batches of small models
`surrogate`     the local objective L_pi of TRPO (2015), equation (3)
`divergence`    total variation and Kullback-Leibler divergence of policy rows
`optimal`       V*, Q* and all optimal actions, by policy iteration
`warm_start`    a nearly optimal policy in plain doubles, where policy iteration starts
`entrywise`     proofs that actions are suboptimal where values are small beside the largest
`structure`     reachable states, recurrent classes, periods
`work`          the cost of exact arithmetic, estimated before the work
"""
