from tabular_trpo._families.chains import (
    chain as chain,
)
from tabular_trpo._families.chains import (
    combination_lock as combination_lock,
)
from tabular_trpo._families.chains import (
    ring as ring,
)
from tabular_trpo._families.chains import (
    river_swim as river_swim,
)
from tabular_trpo._families.chains import (
    walk as walk,
)
from tabular_trpo._families.grids import gridworld as gridworld
from tabular_trpo._families.queues import queue as queue
