"""Policy-improvement steps: each is a function of a `Surrogate` and returns a `Step`.

Read `step` first, then one solver, then `iterate`.

The record of a step
    step            `Step`, and `step_to`, which makes it from a new policy
    multipliers     the multipliers and parameters of a step, one record for each kind of step
    status          the statuses of steps, solvers and verdicts

Steps without a distance
    greedy          the maximiser of the surrogate, and policy iteration
    conservative    mixtures with a target; weights in closed form
    best_alpha      the weight of a mixture that maximises the return itself
    polynomials     rational polynomials for `best_alpha`: interpolation, isolated roots

Steps in total variation, exact in rational arithmetic
    total_variation Algorithm 1, (11) and (12) of TRPO with total variation in place of KL
    duality         the duality gap, which proves such a step optimal
    certificate     the proof of optimality as a document for the independent checker

Steps in KL divergence, tables
    trust_region    TRPO equations (11) and (12), and a penalty on the mean KL: start here
    minorize        Algorithm 1 of TRPO: a penalty on the largest KL
    kl_rows         one state: optimality conditions, the optimum as a function of a number t
    kl_curves       t for a given radius or multiplier, by an iteration of third order
    kl_multiplier   states that share a multiplier, as in (12), or a radius, as in Algorithm 1
    mirror          penalty on KL(pi_new || pi), in closed form; reward-weighted regression

Steps in KL divergence, parametric policies
    softmax_class   softmax policies with linear logits: gradients, Fisher products
    conjugate       conjugate gradients
    direction       gradient and natural gradient
    natural         the step of TRPO, Appendix C; natural and vanilla policy gradient

Runs
    rational_steps  float steps on rational models
    gain_bounds     lower bounds of the gain of a step, from the table of theorems
    stopping        rules that end a run
    iterate         repeated steps, each with its realised and its certified gain
"""
