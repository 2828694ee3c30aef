from tabular_trpo._sampled.habits import HABITS as HABITS
from tabular_trpo._sampled.methods import METHODS as METHODS
from tabular_trpo._sampled.methods import Method as Method
from tabular_trpo._sampled.methods import Settings as Settings
