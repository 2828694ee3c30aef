"""`evaluate`: the values of a policy, and a comparison with a second one.

command      the arguments and the report
policy_pair  the quantities of TRPO for two policies, with proved errors
"""
