from tabular_trpo._families.random import dirichlet as dirichlet
from tabular_trpo._families.random import garnet as garnet
from tabular_trpo._families.random import policy as policy
