from tabular_trpo._core.policy import (
    Normalized as Normalized,
)
from tabular_trpo._core.policy import (
    best_actions as best_actions,
)
from tabular_trpo._core.policy import (
    check_policy as check_policy,
)
from tabular_trpo._core.policy import (
    check_rows as check_rows,
)
from tabular_trpo._core.policy import (
    deterministic as deterministic,
)
from tabular_trpo._core.policy import (
    greedy as greedy,
)
from tabular_trpo._core.policy import (
    mixture as mixture,
)
from tabular_trpo._core.policy import (
    normalize as normalize,
)
from tabular_trpo._core.policy import (
    policy_array as policy_array,
)
from tabular_trpo._core.policy import (
    softmax as softmax,
)
from tabular_trpo._core.policy import (
    to_float as to_float,
)
from tabular_trpo._core.policy import (
    to_rational as to_rational,
)
from tabular_trpo._core.policy import (
    uniform as uniform,
)
