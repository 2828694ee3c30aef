from tabular_trpo._sampled.methods import METHODS as METHODS
from tabular_trpo._sampled.methods import Method as Method
from tabular_trpo._sampled.methods import Settings as Settings
