"""Numbers, models, policies and linear algebra: the lowest folder, which imports no other.

Read in this order.

errors, terminal:        what an error says, and how it is printed
nearest, decimals:       doubles and text of exact numbers of any size
array_input, numbers, arithmetic, names, indices:  a user's arrays, read into one arithmetic
shapes, rewards, csr:    shapes, orders of axes, forms of rewards, sparse arrays
grid:                    rows of probabilities: divided by their sums, floats on the grid
validate, build, mdp:    the checks of a model, its fields, the record `MDP`
columns, counts, conversion:  models from transitions, from counts, in the other arithmetic
policies_once, policy_checks, policy, instance:  policies, and a model with two of them
linalg:                  solves with I - gamma P_pi in floats and in rationals
rounding, interval:      float64 intervals
dyadic, logs, forms, signs, real, extrema:  exact reals, from integer enclosures up
memory, budget, overflow:  limits: bytes, seconds of exact arithmetic, doubles
records, readable, string_enum:  what records and statuses share
arguments, floating_point, public, deprecated:  what public functions share
interrupts, startup:     SIGINT
"""
