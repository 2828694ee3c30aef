from tabular_trpo.families import named as named
from tabular_trpo.families import random as random
from tabular_trpo.families import worst_case as worst_case
