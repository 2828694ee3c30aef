from tabular_trpo._sampled.comparison import Band as Band
from tabular_trpo._sampled.comparison import Curve as Curve
from tabular_trpo._sampled.comparison import band as band
from tabular_trpo._sampled.comparison import records as records
from tabular_trpo._sampled.comparison import run as run
