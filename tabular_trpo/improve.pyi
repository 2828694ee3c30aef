from tabular_trpo._improve.best_alpha import best_alpha as best_alpha
from tabular_trpo._improve.certificate import step_certificate as step_certificate
from tabular_trpo._improve.conservative import conservative as conservative
from tabular_trpo._improve.greedy import greedy as greedy
from tabular_trpo._improve.iterate import Record as Record
from tabular_trpo._improve.iterate import iterate as iterate
from tabular_trpo._improve.minorize import minorize as minorize
from tabular_trpo._improve.mirror import mirror as mirror
from tabular_trpo._improve.mirror import rwr as rwr
from tabular_trpo._improve.natural import (
    following as following,
)
from tabular_trpo._improve.natural import (
    natural as natural,
)
from tabular_trpo._improve.natural import (
    natural_fixed as natural_fixed,
)
from tabular_trpo._improve.natural import (
    vanilla as vanilla,
)
from tabular_trpo._improve.optimality import optimality_gap as optimality_gap
from tabular_trpo._improve.softmax_class import SoftmaxClass as SoftmaxClass
from tabular_trpo._improve.softmax_class import aliased as aliased
from tabular_trpo._improve.step import Step as Step
from tabular_trpo._improve.total_variation import (
    mean_tv_constraint as mean_tv_constraint,
)
from tabular_trpo._improve.total_variation import (
    tv_constraint as tv_constraint,
)
from tabular_trpo._improve.total_variation import (
    tv_penalty as tv_penalty,
)
from tabular_trpo._improve.trust_region import (
    max_kl as max_kl,
)
from tabular_trpo._improve.trust_region import (
    mean_kl as mean_kl,
)
from tabular_trpo._improve.trust_region import (
    mean_kl_penalty as mean_kl_penalty,
)
