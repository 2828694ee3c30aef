"""Estimators of the practical half of TRPO (2015, sections 5 to 8), beside their exact values.

Floor 4: it uses the steps of `_improve`, and nothing that is proved depends on it.  Read in this
order:

`categorical`       draw from many distributions at once, with exact probabilities
`episodes`          where episodes end, and what sampling needs of an environment
`simulator`         trajectories of a model whose tables stay hidden
`live`              copies of a Gymnasium environment, without a table
`rollouts`          single path (5.1): paths of a policy
`vine`              vine (5.2): branches of several actions from visited states
`contributions`     sums over independent units of data, and their standard errors
`advantages`        estimates of the advantage of each step
`estimate`          the surrogate from paths (14) and vines (15)
`self_normalised`   the self-normalised surrogate of a vine (16)
`one_step`          expectations over one transition
`recursion`         one step of those moments backward in time
`moments`           exact mean and variance of the estimators
`chain`             affine recursions along a path, and their fixed points
`n_step`            the moments with n-step advantages
`off_policy`        estimates for one policy from paths of another
`off_policy_moments`  their exact mean and variance
`gradient_moments`  exact mean, variance and bias of each entry of an estimated gradient
`common_random_numbers`  second moments of branches that share their random numbers
`enumeration`       expectations by the sum over all paths
`sources`           paths, vines or the exact evaluation as the source of a step's surrogate
`stream`            parallel episodes, continued from batch to batch
`counts`            the empirical model of all transitions, with standard errors
`exploration`       a policy that seeks pairs with few transitions
`episodic`          sources that play episodes: the empirical model; advantages by GAE
`confidence`        a step whose gain must be larger than its noise
`learning`          the loop: sample, estimate, step
`trpo`              that loop with each step judged by the exact evaluation
`blackbox`          the rivals without gradients: CEM and CMA-ES
`methods`           all methods of section 8
`habits`            choices of implementations, one changed at a time
`undiscounted`      the exact undiscounted return of an episode, and whether it ends in time
`comparison`        the methods at equal simulator steps
"""
