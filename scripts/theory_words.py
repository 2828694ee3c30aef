"""The fixed text of docs/theory.md: its opening, the statements left out, the references."""

OPENING = """\
# The statements

<!-- Made by `make theory` from the tables of tabular_trpo/_theory; a test compares. -->

The statements that `tabular-trpo verify` decides: {statements} statements in {topics} topics,
{distinct} of them distinct, with {misquotations} misquotations. A statement is about a pair of
policies, pi and pi_new, on one finite model. A verdict proves or refutes it for that pair, not in
general; the general proofs are in the papers named. "own" means that no paper is cited; "after"
means that the statement differs in form from that of the paper. Each entry quotes its source, and
after "Here" states how the statement of the table differs.

Formulas are in the language of [certificate.md](certificate.md). Conventions that differ between
papers:

- rho is not normalised, sum rho = 1/(1-gamma), as in TRPO; d = (1-gamma) rho. Kakade and Langford
  multiply V, Q and A by 1-gamma; their bounds are restated here without that factor.
- `kl` is KL(pi || pi_new), as in TRPO; `kl_reversed` is KL(pi_new || pi), as in CPO and in mirror
  learning.
- `eps` is the largest abs(A) over states and actions; `eps_cpi` is the largest abs(A_bar) over
  states, where A_bar is the mean of A under pi_new; `eps_target` is the same for the target of a
  mixture.

The columns:

- Eq.: the paper and its number. TRPO is Schulman et al. 2015, K&L Kakade and Langford 2002, CPO
  Achiam et al. 2017, Z&R Zhang and Ross 2021, K&S Kearns and Singh 2002; others by first author.
- Class: `rational` statements are decided by rational arithmetic, `sqrt` and `log` ones by
  enclosures of increasing precision.
- Sides: `two` for equations and for bounds of an absolute error, else `one`.
- Counts: "same as" where the statement is the same number as another one, for which a paper has a
  second formula: it is decided and certified, but not counted again. "algebra" where it holds for
  all real numbers substituted for max_tv, gamma and so on ({algebra} of them).
- Known: gap / penalty of one pair of a family, 1 at equality, with the name of the family and what
  its ratios tend to. "-" means that nothing is recorded. Numbers with `..` are cut after four
  digits.
- Found: the largest gap / penalty that the searches of the [atlas](atlas.md) found at eight
  gammas, with its witness and its gamma (the smallest where several are equal). It is a lower bound
  of the supremum. "-" means that the statement has no such ratio.
- False: the number of misquotations, each with a pair that refutes it; their names are listed in
  the entry of the statement.
"""

LEFT_OUT = """\
## Left out

These are not statements about one pair of policies, so there is nothing to decide about a pair:

- The rate of natural policy gradient over T steps (Agarwal et al. 2021, Theorem 5.3 of the arXiv
  text) is about a sequence of policies. The bound of one step is in the table (Lemma 5.2);
  `python -m scripts.npg_rate` compares runs with the rate.
- The rates of softmax gradient ascent (Mei et al. 2020, Theorem 4) and of uniform trust region
  policy optimisation (Shani et al. 2020, Theorem 2) are about sequences of policies as well.
- The call count of sampled conservative policy iteration, at most 72 R^2/eps^2 calls (Kakade and
  Langford 2002, Theorem 4.4), holds with some probability over samples; no statement here samples.
"""

REFERENCES = """\
## References

- Achiam, J., Held, D., Tamar, A., Abbeel, P. Constrained Policy Optimization. ICML 2017.
  arXiv:1705.10528.
- Agarwal, A., Kakade, S. M., Lee, J. D., Mahajan, G. On the Theory of Policy Gradient Methods:
  Optimality, Approximation, and Distribution Shift. Journal of Machine Learning Research
  22(98):1-76, 2021. arXiv:1908.00261. The two texts number differently: arXiv by section, the
  journal by one counter; Lemma 4.1 of the one is Lemma 4 of the other.
- Bretagnolle, J., Huber, C. Estimation des densités : risque minimax. Zeitschrift für
  Wahrscheinlichkeitstheorie und verwandte Gebiete 47(2):119-137, 1979. doi:10.1007/BF00535278.
- Csiszár, I., Körner, J. Information Theory: Coding Theorems for Discrete Memoryless Systems. 1981;
  second edition 2011.
- van Erven, T., Harremoës, P. Rényi Divergence and Kullback-Leibler Divergence. IEEE Transactions
  on Information Theory 60(7):3797-3820, 2014. arXiv:1206.2459.
- Gibbs, A. L., Su, F. E. On Choosing and Bounding Probability Metrics. International Statistical
  Review 70(3):419-435, 2002. arXiv:math/0209021.
- Grudzien Kuba, J., Schroeder de Witt, C., Foerster, J. Mirror Learning: A Unifying Framework of
  Policy Optimisation. ICML 2022, PMLR 162. arXiv:2201.02373.
- Hoeffding, W. Probability Inequalities for Sums of Bounded Random Variables. Journal of the
  American Statistical Association 58(301):13-30, 1963.
- Howard, R. A. Dynamic Programming and Markov Processes. 1960.
- Kakade, S. A Natural Policy Gradient. Advances in Neural Information Processing Systems 14, 2001.
- Kakade, S., Langford, J. Approximately Optimal Approximate Reinforcement Learning. ICML 2002,
  267-274.
- Kearns, M., Singh, S. Near-Optimal Reinforcement Learning in Polynomial Time. Machine Learning
  49(2-3):209-232, 2002.
- Mei, J., Xiao, C., Szepesvári, C., Schuurmans, D. On the Global Convergence Rates of Softmax
  Policy Gradient Methods. ICML 2020. arXiv:2005.06392.
- Pirotta, M., Restelli, M., Pecorino, A., Calandriello, D. Safe Policy Iteration. ICML 2013, PMLR
  28(3):307-315.
- Pollard, D. Asymptopia: an exposition of statistical asymptotic theory. 2000. Cited for tv^2 <= KL
  by Schulman et al.
- Puterman, M. L. Markov Decision Processes: Discrete Stochastic Dynamic Programming. John Wiley and
  Sons, 1994.
- Schulman, J., Levine, S., Abbeel, P., Jordan, M. I., Moritz, P. Trust Region Policy Optimization.
  ICML 2015, PMLR 37:1889-1897. Numbers are those of arXiv:1502.05477.
- Shani, L., Efroni, Y., Mannor, S. Adaptive Trust Region Policy Optimization: Global Convergence
  and Faster Rates for Regularized MDPs. AAAI 2020, 34(04):5668-5675. arXiv:1909.02769.
- Štrupl, M., Faccio, F., Ashley, D. R., Srivastava, R. K., Schmidhuber, J. Reward-Weighted
  Regression Converges to a Global Optimum. AAAI 2022, 36(8):8361-8369. arXiv:2107.09088.
- Sutton, R. S., McAllester, D., Singh, S., Mansour, Y. Policy Gradient Methods for Reinforcement
  Learning with Function Approximation. Advances in Neural Information Processing Systems 12,
  1057-1063, 2000.
- Zhang, Y., Ross, K. W. On-Policy Deep Reinforcement Learning for the Average-Reward Criterion.
  ICML 2021, PMLR 139:12535-12545. arXiv:2106.07329.
"""
