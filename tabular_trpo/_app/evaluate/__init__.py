"""`evaluate`: the values of a policy, and its comparison with a second policy.

command      the arguments and the report
policy_pair  the quantities of TRPO for two policies, with proved errors
"""
