"""What each source states, and how the statement of the table differs from it.

An entry is (what the source states, how the statement here differs); it becomes `Theorem.quoted`
and `Theorem.differs`.  Statements whose source is "own" have no entry.  Here the discounted
visitation rho is unnormalised, also where the source normalises it.
"""

WORDS: dict[str, tuple[str, str]] = {
    # Schulman et al. 2015, numbers of arXiv:1502.05477.
    "performance_difference_paths": (
        "(1) and Lemma 1: eta(pi') = eta(pi) + E[sum_t gamma^t A(s_t, a_t)] along paths of pi'",
        "",
    ),
    "performance_difference": ("(2): eta(pi') = eta(pi) + sum_s rho_pi'(s) sum_a pi'(a|s) A", ""),
    "surrogate_value": ("(4), first half: L at the old policy is eta", ""),
    "minorant_touches": (
        "after (10): M_i(pi_i) = eta(pi_i)",
        "M at pi is L at pi, as KL(pi, pi) = 0",
    ),
    "cpi_bound": ("(6): eta >= L - 2 eps gamma / (1-gamma)^2 alpha^2, eps of the target", ""),
    "trpo_bound": ("(8), Theorem 1: eta >= L - 4 eps gamma / (1-gamma)^2 alpha^2", ""),
    "trpo_bound_upper": (
        "appendix A, end: the proof bounds abs(eta - L)",
        "only the upper bound of eta",
    ),
    "trpo_kl_bound": ("(9): eta >= L - C max KL(pi, pi'), C = 4 eps gamma / (1-gamma)^2", ""),
    "minorant_gain": ("(10): eta(pi_{i+1}) - eta(pi_i) >= M_i(pi_{i+1}) - M_i(pi_i)", ""),
    "monotone_improvement": (
        "after (10): maximizing M_i at each iteration never lowers eta",
        "for each step that does not lower M",
    ),
    "mean_advantage_lemma": ("Lemma 2: abs(A_bar(s)) <= 2 alpha max abs(A(s, a))", ""),
    "drift_lemma_1": (
        "Lemma 3 and its proof: the difference is at most 2 (1 - (1-alpha)^t) max abs(A_bar)",
        "the term of the proof; printed in the middle is 2 alpha max A_bar, without abs",
    ),
    "drift_lemma_2": (
        "Lemma 3 and its proof: the difference is at most 2 (1 - (1-alpha)^t) max abs(A_bar)",
        "the term of the proof; the middle term printed fails from t = 2 on",
    ),
    "drift_lemma_3": (
        "Lemma 3 and its proof: the difference is at most 2 (1 - (1-alpha)^t) max abs(A_bar)",
        "the term of the proof; the middle term printed fails from t = 2 on",
    ),
    "coupling_to_theorem": (
        "appendix A, end: the sum over t is at most 4 alpha^2 gamma eps / (1-gamma)^2",
        "only the last inequality, from 4 max_tv eps c to the bound of Theorem 1",
    ),
    "performance_difference_statewise": (
        "(1), for one distribution of the first state",
        "for each first state",
    ),
    "reversed_performance_difference": ("(2)", "with pi and pi_new exchanged"),
    "visitation_mass": ("the definition of rho, which is not normalised", "the sum of rho"),
    "surrogate_linear": ("(3): the definition of L", "L is linear in the policy"),
    "surrogate_gradient": (
        "(4), second half: the gradients of L and eta in theta agree at theta_old",
        "along the straight path from pi to pi_new, which has no theta",
    ),
    "residual_identity": (
        "appendix B: eta - L = gamma^2 r' G D G D G' rho0, D the change of the transitions",
        "regrouped: rho, the change of the transitions, and the gain of the values",
    ),
    "trpo_kl_bound_half": ("(9)", "with C / 2 in place of C, by Pinsker's inequality"),
    "advantage_lemma": ("Lemma 2", "for each row, with the span of A in that row"),
    "advantage_lemma_eps": ("Lemma 2", "with the smaller of the bound and eps"),
    "coupling_lemma": (
        "proof of Lemma 3: paths agree until t with probability (1-alpha)^t at least",
        "as a distance of the laws of the state",
    ),
    "coupling_span": ("appendix A: the sum over t of Lemma 3", "the span in place of 2 eps_cpi"),
    "coupling_eps_cpi": (
        "appendix A: the sum over t of Lemma 3",
        "only that the span is at most 2 eps_cpi",
    ),
    "coupling_capped": (
        "appendix A: Lemma 2 put into the sum",
        "with the smaller of 2 max_tv eps and eps",
    ),
    "coupling_rows": ("appendix A: Lemma 2 put into the sum", "the spans of the rows of A"),
    "coupling_bound": (
        "appendix A: the sum, 4 eps alpha c",
        "only that the capped penalty is at most 4 max_tv eps c",
    ),
    "improvement_statewise": (
        "after (2): an update with A_bar(s) >= 0 at each s does not lower eta",
        "the same update does not lower the value of any state",
    ),
    # Kakade & Langford 2002.
    "cpi_coupling": (
        "Theorem 4.1: gain >= alpha / (1-gamma) (A' - 2 alpha gamma eps / (1 - gamma (1-alpha)))",
        "restated: the values of the paper are normalised by 1 - gamma",
    ),
    "cpi_step_bounded": (
        "Corollary 4.2: with rewards in [0, R] and alpha = (1-gamma) A' / (4 R), A' normalised",
        "also for any smaller weight, with half of the surrogate's gain; A' is not normalised",
    ),
    "gradient_domination": (
        "Theorem 6.2: the gap to the optimal policy, by OPT(A) and the mismatch of the visits",
        "for any pi_new that pi covers, from the same start, not only for the optimal policy",
    ),
    "gradient_domination_start": (
        "Corollary 4.5: eta* - eta <= eps / (1-gamma) sup d*/mu when OPT(A) < eps",
        "only max(rho_new / rho) <= max(d_new / rho0) / (1 - gamma)",
    ),
    "horizon_performance_difference": ("Lemma 6.1, discounted", "three steps without discount"),
    # Divergences.
    "tv_squared_kl": ("cited before (9) by Schulman et al. 2015: TV^2 <= KL", "at each state"),
    "pinsker": ("Pinsker's inequality: 2 TV^2 <= KL", "at each state"),
    "bretagnolle_huber": ("TV <= sqrt(1 - exp(-KL))", "solved for KL, at each state"),
    "hoeffding_kl": (
        "for X in [a, b] of mean 0: log E exp(X) <= (b - a)^2 / 8",
        "applied to X = log pi_new / pi plus KL, under pi; over the actions with mass in either",
    ),
    "renyi_kl": ("Renyi divergence does not decrease in its order: D_1 <= D_2", "at each state"),
    "chi_square_kl": (
        "Theorem 5: KL <= log(1 + chi^2), hence <= chi^2",
        "only KL <= chi^2, at each state",
    ),
    # Bounds by mean steps.
    "spi_bound": ("the bound by the largest step and the span", "two-sided, for exact advantages"),
    "spi_bound_q": ("Corollary 3.6", "two-sided, with 2 max_tv for the norm of the step"),
    "spi_step": ("the best weight for the span bound", "any weight up to the best one"),
    "cpo_bound": ("Corollary 1: gain >= E[A - 2 gamma eps / (1-gamma) TV] / (1-gamma)", ""),
    "cpo_bound_upper": ("Theorem 1, upper bound D^+", "f = V"),
    "cpo_general_zero": ("Theorem 1, both sides", "f = 0"),
    "cpo_general_half": ("Theorem 1, both sides", "f = V_new / 2"),
    "cpo_general_exact": ("Theorem 1", "f = V_new, where the correction is 0"),
    "cpo_kl_reversed": (
        "Corollary 3: E[TV] may be replaced by sqrt(E[KL(pi', pi)] / 2)",
        "in both sides of Theorem 1 with f = V",
    ),
    "cpo_worst_case": (
        "Proposition 1: gain >= -sqrt(2 delta) gamma eps / (1-gamma)^2 for the TRPO step",
        "for any step that does not lower L, with its own mean KL for delta",
    ),
    "cpo_visitation": (
        "Lemma 3: norm(d' - d) <= 2 gamma / (1-gamma) E[TV]",
        "for rho = d / (1-gamma), so multiplied by 1 / (1-gamma)",
    ),
    # Average reward.
    "average_performance_difference": ("Lemma 1: rho(pi') - rho(pi) = E_{pi'}[A]", "unichain"),
    "average_visitation": (
        "the stationary laws differ by (kappa* - 1) E[TV], kappa* the largest over policies",
        "with the constant of pi_new alone, and the 1-norm, which is twice TV",
    ),
    "average_bound": (
        "the error is (kappa* - 1) E[TV] times the largest mean advantage",
        "with the constant of pi_new alone",
    ),
    "stationary_value": (
        "V = J / (1-gamma) + h + o(1)",
        "the exact mean of V under the stationary distribution",
    ),
    "average_return": ("V = J / (1-gamma) + h + o(1)", "a bound of the error for each gamma"),
    # Gradients.
    "policy_gradient_direct": ("Theorem 1: sum_s d(s) sum_a (d pi / d theta) Q", "straight path"),
    "policy_gradient_score": ("Theorem 1", "by score and advantage, where pi is positive"),
    "compatible_features": (
        "Theorem 2: a fit by compatible features may replace Q in the gradient",
        "A for Q; logits that all states share; the slope in the direction w_fit_new",
    ),
    "compatible_fit": (
        "Theorem 2, premise: the fit is least-squares",
        "compared with one other fit, w_fit_new",
    ),
    "natural_gradient": (
        "section 3: F^{-1} times the gradient; Theorem 1: it is the weights of the compatible fit",
        "F^+ for F^{-1}, in a table, as the square of the gradient's length",
    ),
    "lojasiewicz": (
        "Lemma 8: norm(grad V) >= min pi(a*|s) / (sqrt(S) norm(d*/d)) (V* - V), start mu > 0",
        "more general: any deterministic pi_new; less general: both returns from one start",
    ),
    "softmax_smoothness": (
        "Lemma 7: V is 8 / (1-gamma)^3 smooth, r in [0, 1]",
        "any rewards, scaled",
    ),
    # Monotone steps.
    "policy_iteration": ("the greedy policy is no worse", ""),
    "policy_iteration_contraction": ("policy iteration contracts by gamma", ""),
    "optimality_gap": ("norm(V* - V) by the Bellman residual over 1 - gamma", ""),
    "reward_weighted": ("reward-weighted regression improves monotonically", "state by state"),
    "mirror_step": (
        "Lemma 3.3: a mirror learning update, the best one for its drift, lowers no state",
        "more general: any step with A_bar >= KL(pi_new || pi); "
        "less general: the drift is KL(pi_new || pi)",
    ),
    "npg_progress": (
        "Lemma 5.2: gain >= (1-gamma) / step E_mu[log Z] for a natural gradient step",
        "more general: any step with A_bar >= KL(pi_new || pi); "
        "less general: step / (1-gamma) = 1 and mu = rho0",
    ),
    # Models and soft values.
    "simulation_lemma": ("values of two close models", "two policies on one model"),
    "soft_performance_difference": (
        "Lemma 25: the soft return along the new path",
        "temperature 1",
    ),
    "soft_suboptimality": (
        "Lemma 26: V*_tau - V_tau = tau E[KL(pi || pi*_tau)] / (1-gamma)",
        "more general: any pi_new, with a correction that is 0 for the optimal one; "
        "less general: tau = 1",
    ),
}
