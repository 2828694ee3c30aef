"""Policy-improvement steps: each is a function of a `Surrogate` and returns a `Step`.

Read `step` first, then one solver, then `iterate`.

The record of a step
    step            `Step`, and `step_to`, which makes it from a new policy
    multipliers     the multipliers and parameters of a step, one record for each kind of step
    status          the statuses of steps, solvers and verdicts

Steps without a distance
    greedy          the maximiser of the surrogate, and policy iteration
    conservative    mixtures with a target; weights in closed form
    best_alpha      the weight of the largest return, by `polynomials`
    polynomials     rational polynomials: interpolation, isolated roots

Steps in total variation, exact in rational arithmetic
    total_variation penalty on the largest, constraint on the largest or the mean distance
    duality         the duality gap, which proves such a step optimal
    certificate     that proof as a document for the independent checker

Steps in KL divergence, tables
    kl_rows         one row: optimality conditions, and the optimum as a function of a number t
    kl_curves       that t for a given radius or multiplier, by an iteration of third order
    kl_multiplier   rows that share a radius or a multiplier
    trust_region    TRPO (11), (12), and a penalty on the mean KL
    minorize        Algorithm 1 of TRPO: a penalty on the largest KL
    mirror          KL in the other direction, in closed form; reward-weighted regression

Steps in KL divergence, parametric policies
    softmax_class   softmax policies with linear logits: gradients, Fisher products
    conjugate       conjugate gradients
    direction       gradient and natural gradient
    natural         TRPO's Appendix C, natural and vanilla policy gradient

Runs
    rational_steps  float steps on rational models
    gain_bounds     the theorems that bound the gain of a step from below
    stopping        rules that end a run
    iterate         a step repeated; each with its realised and its certified gain
"""
