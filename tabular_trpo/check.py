"""Re-check certificates with the standard library alone: `python check.py FILE...`.

Model, formula language, logarithms and theorems are written here a second time, as formulas where
that is possible; nothing of the package is imported.  `docs/certificate.md` explains each field.
"""

import ast
import hashlib
import json
import math
import operator
import re
import sys
from collections.abc import Callable, Collection, Iterator
from contextvars import ContextVar
from fractions import Fraction
from functools import lru_cache, partial, reduce
from itertools import accumulate, compress, product
from typing import Any, NamedTuple, final

MOST_BYTES, MOST_CLAIMS, MOST_POWER = 1 << 26, 1000, 32  # of a file; exponents, t of step_tv
MOST_NESTED, MOST_DEPTH = 64, 250  # brackets of a file; a formula, which Python reads recursively
# Operations on short numbers: for any certificate, and more for each byte of model and witness.
WORK, WORK_A_BYTE = 1 << 19, 8
MOST_BITS, PRECISIONS = 1 << 20, [64 << i for i in range(9)]  # 16384 bits decide a gap of 1e-4900
FORMAT, RELATION, ZERO = "tabular-trpo-certificate", "(==|<=|>=)", (Fraction(0),) * 2
Interval = tuple[Any, Any]  # each end a Fraction, or plus or minus inf; the same end twice if exact
Value = dict[tuple[str, ...], Interval]  # keys: () number, (s,) vector, (s, a) table
Env = dict[str, Value]

# Source, for all that follow up to the next one: name | equation | formula | precondition.
_c = "(max_tv*gamma/((1-gamma)*(1-gamma*(1-max_tv))))"  # the coupling constant of appendix A
_D, _h, _u = "abs(eta_new - L)", "((pi_new - pi)/pi)", "(1-gamma)"
_G, _least, _t = "sum_s(rho*A_bar_target)", "-max_s(V - V_new) >= 0", "(pi_new - pi)"
_half, _greedy = f"eta_new - eta >= alpha*{_G}/2", "max_s(max_a(A) - A_bar) <= 0"
_mirror, _moved = "-max_s(kl_reversed - A_bar) >= 0", "sum_s(abs(rho_new - rho))"
_best = f"smaller(1, ratio({_u}*(1/sqrt(1 - ratio({_G}*{_u}, 2*eps_target)) - 1), gamma))"
_rt, _H = f"(gamma*sqrt(mean_kl/(2*{_u}))/{_u})", "sum_s((sqrt(d_new) - sqrt(d))**2)"
_fits = [f"({w} - sum_a(pi*{w}))" for w in ("w_fit", "w_fit_new")]
_near, _far = (f"sum_s(rho*sum_a(pi*(A - {fit})*(A - {fit})))" for fit in _fits)
_soft = "eta_new + sum_s(rho_new*entropy_new) - (eta + sum_s(rho*entropy))"
_Vs, _cpi = "(V_new + K_new)", f"2*alpha**2*gamma*eps_target/({_u}*(1-gamma*(1-alpha)))"
_path = " + ".join(f"gamma**{t}*smaller(1, sqrt({t}*max_kl/2))" for t in range(1, 9))
_li = " + ".join(f"sqrt({t})*gamma**{t}" for t in range(1, 9))
# Horizon of three steps: values of a policy, advantages of pi, their sums along its paths.
_V1, _V2 = "sum_a({0}*r)", "sum_a({0}*(r + next(sum_a({0}*r))))"
_V3, _f = f"sum_a({{0}}*(r + next({_V2})))", "(r + gamma*next(V_new/2) - V_new/2)"
_W1, _W2, _W3 = (text.format("pi") for text in (_V1, _V2, _V3))
_A = f"r + next({_W2}) - {_W3}", f"r + next({_W1}) - {_W2}", f"r - {_W1}"
_laws = "rho0", "push(rho0*{0})", "push(push(rho0*{0})*{0})"
_along = " + ".join(f"sum_s({law}*sum_a(pi_new*({A})))" for law, A in zip(_laws, _A, strict=True))
_eta, _eta_new = (f"sum_s(rho0*{_V3.format(policy)})" for policy in ("pi", "pi_new"))
_eps = "-smaller(smaller(-max_sa(abs({})), -max_sa(abs({}))), -max_sa(abs({})))".format(*_A)
_separated = "(1 - (1 - max_tv)**1 + (1 - (1 - max_tv)**2))"
_l, _gain, _visit_tv = "log(pi_new/pi)", "sum_a(pi_new*(r + next(h) - h - J))", "sum_s(d_avg*tv)"
_laws_1 = [f"push(rho0*{policy})" for policy in ("pi_new", "pi")]
_laws_2 = [f"push({law}*{pi})" for law, pi in zip(_laws_1, ("pi_new", "pi"), strict=True)]
_laws_3 = [f"push({law}*{pi})" for law, pi in zip(_laws_2, ("pi_new", "pi"), strict=True)]
_drifts = [f"abs(sum_s(({new} - {old})*A_bar))" for new, old in (_laws_1, _laws_2, _laws_3)]
_kept = "sum_s(sum_a(pi*(1 - ratio(pi_new, pi_new)))) <= 0"
_shared = "sum_s(sum_a(abs(ratio(pi, pi) - ratio(pi_new, pi_new)))) <= 0"
_covered = "sum_s(rho_new*(1 - ratio(rho, rho))) <= 0"
_mismatch, _mixing = "max_s(ratio(rho_new, rho))", "classes + classes_new <= 2"
_missed, _shifted = f"abs(J_new - J - sum_s(d_avg*{_gain}))", "sum_s(abs(d_avg_new - d_avg))"
_TABLE = f"""Schulman et al. 2015: performance_difference_paths \
| TRPO (1) | eta_new == eta + sum_s(rho0*W)
performance_difference | TRPO (2) | eta_new == eta + sum_s(rho_new*A_bar)
surrogate_value | TRPO (4) | L_mix(0) == eta
minorant_touches | TRPO (10) | M_pi == eta
cpi_bound | TRPO (6) | eta_new >= L - 2*eps_target*gamma*alpha**2/(1-gamma)**2 | mixture
trpo_bound | TRPO (8), Theorem 1 | eta_new >= L - 4*eps*gamma*max_tv**2/(1-gamma)**2
trpo_bound_upper | TRPO (8), other side | eta_new <= L + 4*eps*gamma*max_tv**2/(1-gamma)**2
trpo_kl_bound | TRPO (9) | eta_new >= L - C*max_kl
minorant_gain | TRPO (10) | eta_new - eta >= M - M_pi
monotone_improvement | TRPO (10) | eta_new >= eta | M >= M_pi
mean_advantage_lemma | TRPO Lemma 2 | eps_cpi <= 2*max_tv*eps
drift_lemma_1 | TRPO Lemma 3, t=1 | {_drifts[0]} <= 2*(1 - (1 - max_tv)**1)*eps_cpi
drift_lemma_2 | TRPO Lemma 3, t=2 | {_drifts[1]} <= 2*(1 - (1 - max_tv)**2)*eps_cpi
drift_lemma_3 | TRPO Lemma 3, t=3 | {_drifts[2]} <= 2*(1 - (1 - max_tv)**3)*eps_cpi
coupling_to_theorem | TRPO appendix A, last step \
| 4*max_tv*eps*{_c} <= 4*eps*gamma*max_tv**2/(1-gamma)**2
after Schulman et al. 2015: performance_difference_statewise \
| TRPO (1) at each state | max_s(abs(V_new - V - W)) == 0
reversed_performance_difference \
| TRPO (2), reversed | eta - eta_new == sum_s(rho*sum_a(pi*A_new))
visitation_mass | TRPO, rho | sum_s(rho) == 1/(1-gamma)
surrogate_linear | TRPO (3) | L_mix(1/3) == (2*eta + L)/3
surrogate_gradient | TRPO (4), slope | eta_dot == L - eta
residual_identity | TRPO, appendix B | eta_new - L == gamma*sum_s(rho*shift(V_new - V))
trpo_kl_bound_half | TRPO (9) with C/2 | eta_new >= L - C/2*max_kl
advantage_lemma | TRPO Lemma 2, rows | max_s(abs(A_bar) - tv*span_a(A)) <= 0
advantage_lemma_eps | TRPO Lemma 2, capped | eps_cpi <= smaller(1, 2*max_tv)*eps
coupling_lemma | TRPO Lemma 3, laws, t=3 | step_tv(3) <= 1 - (1 - max_tv)**3
coupling_span | TRPO appendix A, span | abs(eta_new - L) <= span_s(A_bar)*{_c}
coupling_eps_cpi | TRPO appendix A, span to eps | span_s(A_bar)*{_c} <= 2*eps_cpi*{_c}
coupling_capped | TRPO appendix A, cap | 2*eps_cpi*{_c} <= 2*smaller(1, 2*max_tv)*eps*{_c}
coupling_rows | TRPO appendix A, rows | 2*eps_cpi*{_c} <= 2*max_tv*max_s(span_a(A))*{_c}
coupling_bound | TRPO appendix A, no cap \
| 2*smaller(1, 2*max_tv)*eps*{_c} <= 4*max_tv*eps*{_c}
improvement_statewise | TRPO, after (2) | {_least} | -max_s(-A_bar) >= 0
Kakade & Langford 2002: cpi_coupling | K&L Theorem 4.1 | eta_new >= L - {_cpi} | mixture
cpi_step_bounded | K&L Corollary 4.2 \
| {_half} | smaller({_u}**2*mean_d(A_bar_target) - 4*max_sa(r)*alpha, -max_sa(-r)) >= 0
after Kakade & Langford 2002: gradient_domination | K&L Theorem 6.2 \
| eta_new - eta <= {_mismatch}*sum_s(rho*max_a(A)) | {_covered}
gradient_domination_start | K&L Corollary 4.5 \
| {_mismatch} <= max_s(ratio(d_new, rho0))/{_u} | {_covered}
horizon_performance_difference \
| K&L Lemma 6.1, horizon 3 | {_eta_new} == {_eta} + ({_along.format("pi_new")})
Pollard 2000: tv_squared_kl | Pollard chapter 3 | max_s(tv**2 - kl) <= 0
Csiszar & Koerner 2011: pinsker | Pinsker | max_s(tv**2 - kl/2) <= 0
Bretagnolle & Huber 1979: bretagnolle_huber | Bretagnolle (2.2) | max_s(-log(1 - tv**2) - kl) <= 0
after Hoeffding 1963: hoeffding_kl \
| Hoeffding (4.16) | max_s(kl - max_a(log_gap)**2/2) <= 0 | {_shared}
van Erven & Harremoes 2014: renyi_kl \
| Renyi, order 2 | max_s(kl - log(sum_a(ratio(pi**2, pi_new)))) <= 0 | {_kept}
Gibbs & Su 2002: chi_square_kl \
| chi-square | max_s(kl - (sum_a(ratio(pi**2, pi_new)) - 1)) <= 0 | {_kept}
after Pirotta et al. 2013: spi_bound \
| Pirotta, safe step | {_D} <= gamma*(max_tv*span_s(A_bar))/{_u}**2
spi_bound_q | Pirotta Corollary 3.6 | {_D} <= gamma*(2*max_tv**2*max_s(span_a(Q)))/{_u}**2
spi_step | Pirotta, safe weight | {_half} | 2*gamma*max_tv*span_s(A_bar_target) <= {_u}**2*{_G}
Achiam et al. 2017: cpo_bound | CPO Corollary 1 | eta_new >= L - gamma*(2*eps_cpi*mean_tv)/{_u}**2
cpo_bound_upper | CPO Theorem 1, f = V | eta_new <= L + gamma*(2*eps_cpi*mean_tv)/{_u}**2
cpo_general_zero | CPO Theorem 1, f = 0 | abs(eta_new - eta - sum_s(rho*sum_a({_t}*r))) \
<= gamma*(2*max_s(abs(sum_a(pi_new*r)))*mean_tv)/{_u}**2
cpo_general_half | CPO Theorem 1, f = V_new/2 | abs(eta_new - eta - sum_s(rho*sum_a({_t}*{_f}))) \
<= gamma*(2*max_s(abs(sum_a(pi_new*{_f})))*mean_tv)/{_u}**2
cpo_general_exact \
| CPO Theorem 1, f = V_new | eta_new - eta == sum_s(rho*sum_a({_t}*(r + gamma*next(V_new) - V_new)))
cpo_kl_reversed | CPO Corollary 3 | {_D} <= gamma*(2*eps_cpi*sqrt(mean_d(kl_reversed)/2))/{_u}**2
cpo_worst_case \
| CPO Proposition 1 | eta_new - eta \
>= -(gamma*(eps_cpi*sqrt(2*mean_d(kl_reversed)))/{_u}**2) | L >= eta
cpo_visitation | CPO Lemma 3 | {_moved} <= gamma*(2*mean_tv)/{_u}**2
Zhang & Ross 2021: average_performance_difference \
| Z&R Lemma 1 | J_new == J + sum_s(d_avg_new*{_gain}) | {_mixing}
after Zhang & Ross 2021: average_visitation \
| Z&R, visits | {_shifted} <= 2*(kemeny_new-1)*{_visit_tv} | {_mixing}
average_bound \
| Z&R, bound | {_missed} <= 2*(kemeny_new-1)*max_s(abs({_gain}))*{_visit_tv} | {_mixing}
after Puterman 1994: stationary_value \
| Puterman section 8.2 | sum_s(d_avg*V) == J/{_u} | classes <= 1
average_return \
| Puterman section 8.2, span | abs(J - {_u}*eta) <= {_u}*span_s(h) | classes <= 1
Sutton et al. 2000: policy_gradient_direct \
| Sutton Theorem 1 | eta_dot == sum_s(rho*sum_a({_t}*Q))
compatible_features | Sutton Theorem 2 \
| sum_s(rho*sum_a(pi*A*w_fit_new)) == sum_s(rho*sum_a(pi*{_fits[0]}*w_fit_new))
after Sutton et al. 2000: compatible_fit | Sutton Theorem 2, fit | {_near} <= {_far}
policy_gradient_score | Sutton Theorem 1, score | eta_dot == sum_s(rho*sum_a(pi*{_h}*A))
after Kakade 2001: natural_gradient \
| Kakade section 3 | sum_s(sum_a(rho*pi*A*natural)) == sum_s(rho*sum_a(pi*A*A))
after Mei et al. 2020: lojasiewicz \
| Mei Lemma 8 | {_mismatch}*sqrt(sum_s(sum_a(pi))*sum_s(sum_a((rho*pi*A)**2))) \
>= -max_s(-sum_a(pi*pi_new))*(eta_new - eta) | -max_s(-max_a(pi_new)) >= 1
softmax_smoothness | Mei Lemma 7 | abs(eta_new - eta - sum_s(sum_a(rho*pi*A*{_l}))) \
<= 4*(max_sa(r) + max_sa(-r))*sum_s(sum_a({_l}**2) - sum_a({_l})**2/sum_a(pi/pi))/{_u}**3
soft_performance_difference | Mei Lemma 25 \
| {_soft} == sum_s(rho_new*(A_bar + (gamma*sum_a(pi_new*next(K)) - K) + entropy_new))
soft_suboptimality | Mei Lemma 26 \
| {_soft} == sum_s(rho*(kl - sum_a(pi*(r + gamma*next(V_new + K_new) - {_Vs} - log(pi_new)))))
Howard 1960: policy_iteration | Howard, policy iteration | {_least} | {_greedy}
Puterman 1994: policy_iteration_contraction \
| Puterman, policy iteration | max_s(V_star - V_new) <= gamma*max_s(V_star - V) | {_greedy}
optimality_gap | Puterman, optimality gap | max_s(V_star - V) <= max_sa(A)/{_u}
after Strupl et al. 2022: reward_weighted \
| Strupl, reward-weighted | {_least} | smaller(-max_sa(-r), -max_sa(abs(pi_new*V - pi*Q))) >= 0
after Grudzien et al. 2022: mirror_step | Grudzien Lemma 3.3 | {_least} | {_mirror}
after Agarwal et al. 2021: npg_progress \
| Agarwal Lemma 5.2 (arXiv) | eta_new - eta >= sum_s(rho0*(A_bar - kl_reversed)) | {_mirror}
after Kearns & Singh 2002: simulation_lemma | K&S, simulation lemma \
| max_s(abs(V_new - V)) <= (max_s(abs(sum_a({_t}*r))) + gamma*(max_s(move({_t}))/2)*span_s(V))/{_u}
own: visitation_coupling | from TRPO Lemma 3 | {_moved} <= 2*{_c}
cpi_step | from TRPO (6) | {_half} | 4*eps_target*gamma*alpha <= {_u}**2*{_G}
cpi_best_weight | from K&L Theorem 4.1 | alpha*{_G} - {_cpi} \
<= {_best}*{_G} - 2*{_best}**2*gamma*eps_target/({_u}*(1-gamma*(1-{_best}))) | {_G} >= 0
cpo_kl | CPO Corollary 3, other KL | {_D} <= gamma*(2*eps_cpi*sqrt(mean_kl/2))/{_u}**2
cpo_visitation_new | CPO Lemma 3, new policy | {_moved} <= gamma*(2*sum_s(d_new*tv))/{_u}**2
cpo_centred | CPO Corollary 1, centred | {_D} <= gamma*(span_s(A_bar)*mean_tv)/{_u}**2
residual_span | TRPO appendix B, residual | {_D} <= gamma*sum_s(rho*tv)*span_s(V_new - V)
residual_visitation | CPO Lemma 2, centred | {_D} <= {_moved}*span_s(A_bar)/2
visitation_kl | - | kl_d <= gamma/{_u}*mean_kl
visitation_mean_kl | - | {_moved} <= 2*{_rt}
mean_kl_root | - | {_D} <= 2*eps_cpi*{_rt}
mean_kl_worst_case | - | eta_new - eta >= -2*eps_cpi*{_rt} | L >= eta
path_kl | - | {_D} <= 2*eps_cpi*({_path} + gamma**9/{_u})
path_kl_linear \
| - | {_D} <= 2*eps*max_kl*({_li} + gamma**9*(9/{_u} + gamma/{_u}**2)/sqrt(9))
hellinger \
| - | {_u}*{_D} <= sqrt({_H})*(2*sqrt(mean_d(A_bar**2)) + eps_cpi*sqrt({_H}))
hellinger_kl | - | {_H} <= kl_d
mean_kl_linear | - | {_D} <= eps/{_u}**2*(gamma + 2*sqrt(2*{_u}*gamma))*mean_kl
trpo_mean_kl | TRPO (9) with mean KL | eta_new >= L - C*mean_kl | gamma >= 8/17
trpo_kl_reversed | TRPO (9), other KL | eta_new >= L - C*max_s(kl_reversed)
trpo_bretagnolle_huber | TRPO (9) by Bretagnolle-Huber | -log(1 - ratio(L - eta_new, C)) <= max_kl
approximate_advantage | - | abs(eta_new - eta - sum_s(rho*sum_a({_t}*r))) \
<= 4*max_tv*eps*{_c} + 2*max_tv*max_sa(abs(r - A))/{_u}
horizon_bound \
| horizon 3 | abs({_eta_new} - {_eta} - ({_along.format("pi")})) <= 4*{_eps}*max_tv*{_separated}
horizon_bound_square | horizon 3, square | 2*max_tv*{_separated} <= max_tv**2*3*2
average_visitation_new \
| Z&R, visits, other chain | {_shifted} <= 2*(kemeny-1)*sum_s(d_avg_new*tv) | {_mixing}
average_centred \
| Z&R, bound, centred | {_missed} <= (kemeny_new-1)*span_s({_gain})*{_visit_tv} | {_mixing}"""

# Version 1: sources and equations as they were; the formula too where it was another one.
_Ah, _hh = (f"sum_s(rho*sum_a(pi*{pair}))" for pair in (f"A*{_h}", f"{_h}*{_h}"))
_fit_1 = f"(A - {_Ah}/{_hh}*{_h})"
_best_1 = f"smaller(1, {_u}/gamma*(1/sqrt(1 - {_G}*{_u}/(2*eps_target)) - 1))"
_TABLE_1 = f"""Kakade & Langford 2002: performance_difference_paths | (1);
performance_difference | (2);
performance_difference_statewise | (2) at each state; cpi_bound | (6); cpi_coupling | Theorem 4.1;
cpi_step_bounded | Corollary 4.2;
gradient_domination | Theorem 6.2 | eta_new - eta <= max_s(rho_new/rho)*sum_s(rho*max_a(A));
gradient_domination_start | Corollary 4.5 | max_s(rho_new/rho) <= max_s(d_new/rho0)/{_u};
after Kakade & Langford 2002: horizon_performance_difference | horizon 3;
Schulman et al. 2015: visitation_mass | rho; surrogate_linear | (3); surrogate_value | (4);
surrogate_gradient | (4); trpo_bound | (8), Theorem 1; trpo_bound_upper | (8), other side;
trpo_kl_bound | (9); trpo_kl_bound_half | (9) with C/2; minorant_touches | (10);
minorant_gain | (10); monotone_improvement | (10); improvement_statewise | after (2);
Pollard 2000: tv_squared_kl | (9);
Csiszar & Koerner 2011: pinsker | Pinsker;
Schulman et al. 2015, appendix A: advantage_lemma | Lemma A; advantage_lemma_eps | Lemma A;
coupling_lemma | Lemma B, t=3; coupling_span | ladder 1; coupling_eps_cpi | ladder 2;
coupling_capped | ladder 3; coupling_rows | ladder 3'; coupling_bound | ladder 4;
coupling_to_theorem | ladder 5;
Schulman et al. 2015, appendix B: residual_identity | App. B;
Bretagnolle & Huber 1979: bretagnolle_huber | (2.2);
after Pirotta et al. 2013: spi_bound | safe step; spi_bound_q | Corollary 3.6;
spi_step | safe weight;
Achiam et al. 2017: cpo_bound | Corollary 1; cpo_bound_upper | Theorem 1, f = V;
cpo_general_zero | Theorem 1, f = 0; cpo_general_half | Theorem 1, f = V_new/2;
cpo_general_exact | Theorem 1, f = V_new; cpo_kl_reversed | Corollary 3;
cpo_worst_case | Proposition 1; cpo_visitation | Lemma 3;
Zhang & Ross 2021:
average_performance_difference | Lemma 1 | J_new == J + sum_s(d_avg_new*{_gain});
average_visitation | average, visits | {_shifted} <= 2*(kemeny_new-1)*{_visit_tv};
average_bound | average, bound | {_missed} <= 2*(kemeny_new-1)*max_s(abs({_gain}))*{_visit_tv};
Sutton et al. 2000: policy_gradient_direct | Theorem 1; policy_gradient_score | Theorem 1, score;
compatible_features | Theorem 2 | eta_dot == {_Ah}/{_hh}*{_hh};
compatible_fit | Theorem 2, fit | sum_s(rho*sum_a(pi*{_fit_1}*{_fit_1})) \
<= sum_s(rho*sum_a(pi*(A - {_h})*(A - {_h})));
Kakade 2001:
natural_gradient | natural gradient \
| eta_dot == sum_s(rho*(sum_a(pi*{_h}*A) - sum_a(pi*{_h})*sum_a(pi*A)));
Mei et al. 2020:
lojasiewicz | Lemma 8 | max_s(rho_new/rho)*sqrt(sum_s(sum_a(pi))*sum_s(sum_a((rho*pi*A)**2))) \
>= -max_s(-sum_a(pi*pi_new))*(eta_new - eta) | -max_s(-max_a(pi_new)) >= 1;
softmax_smoothness | Lemma 7; soft_performance_difference | Lemma 25;
soft_suboptimality | Lemma 26;
Howard 1960: policy_iteration | policy iteration;
Puterman 1994: policy_iteration_contraction | policy iteration; optimality_gap | optimality gap;
after Strupl et al. 2022: reward_weighted | reward-weighted;
Grudzien et al. 2022: mirror_step | Lemma 3.3;
Agarwal et al. 2021: npg_progress | Lemma 5.2 (arXiv);
after Kearns & Singh 2002: simulation_lemma | simulation lemma;
own: visitation_coupling | from Lemma B; cpi_step | from (6);
cpi_best_weight | from Theorem 4.1 | alpha*{_G} - {_cpi} \
<= {_best_1}*{_G} - 2*{_best_1}**2*gamma*eps_target/({_u}*(1-gamma*(1-{_best_1}))) | {_G} >= 0;
cpo_kl | Corollary 3, other KL; cpo_visitation_new | Lemma 3, new policy; cpo_centred | centred;
residual_span | residual; residual_visitation | Lemma 2, centred; visitation_kl | KL of visits;
visitation_mean_kl | (i) visits; mean_kl_root | (i); mean_kl_worst_case | (i) worst case;
path_kl | (ii); path_kl_linear | (ii) linear; hellinger | (iii) certificate;
hellinger_kl | (iii) KL; mean_kl_linear | (iii); trpo_mean_kl | (9) with mean KL;
trpo_kl_reversed | (9), other KL;
trpo_bretagnolle_huber | (9) by Bretagnolle-Huber | -log(1 - (L - eta_new)/C) <= max_kl;
approximate_advantage | approximate advantage; horizon_bound | horizon 3;
horizon_bound_square | horizon 3, square;
average_visitation_new | average, other chain | {_shifted} <= 2*(kemeny-1)*sum_s(d_avg_new*tv);
average_centred | average, centred | {_missed} <= (kemeny_new-1)*span_s({_gain})*{_visit_tv}"""

# What a field may be: its path, then its value, a text behind a quotation mark.
_exact = "[0-9]{1,4000}(/[0-9]{1,4000}|([.][0-9]{1,4000})?([eE][+-]?[0-9]{1,3})?)"
_int, _side = "-?[0-9a-f]{1,65536}", "[A-Za-z0-9_ ,+*/()-]{1,1000}"
_hex = f"{_int}(/{_int})?"
_FIELDS = rf"""/format "tabular-trpo-certificate
/model/format "tabular-trpo-mdp
/version [12]
/model/version 1
/(model/(states|actions)\[[0-9]+\]|claims\[[0-9]+\]/name) ".{{1,500}}
/model/why ".{{0,4000}}
/claims\[[0-9]+\]/(equation|source) ".{{0,500}}
/model/transitions\[[0-9]+\](\[[012]\] ".{{1,500}}|\[3\] "{_exact}|\[4\] "-?{_exact})
/model/(gamma|(rho0|policies/(pi|pi_new|target))/[^ ]{{0,4000}}) "{_exact}
/mixture( null|/target "target|/alpha "{_exact})
/(witness/(V|rho|V_new|rho_new|W|V_dot|V_star|H|H_new)|step/m)/(den|num\[[0-9]+\]) "{_int}
/(values/(eta|eta_new|L|eps|eps_cpi|max_tv|mean_tv|C|eta_dot|alpha|eps_target)|step/[ca]) "{_hex}
/claims\[[0-9]+\]/[lr]hs "{_side}
/claims\[[0-9]+\]/relation "(==|<=|>=)
/claims\[[0-9]+\]/precondition (null|"mixture|"{_side}(==|<=|>=){_side})
/claims\[[0-9]+\]/status "(proved|refuted|vacuous)
/claims\[[0-9]+\]/exactness "(rational|sqrt|log)
/claims\[[0-9]+\]/slack( null|\[[01]\] "{_hex})
/digest "[0-9a-f]{{64}}"""

# Every quantity.  `~`: is read, and must satisfy its equation, as one V, rho, W, V_dot does, gamma
# being < 1; `:` waits for the precision of a logarithm, or for the argument x of a function.
# next(x)(s,a) = sum_t P(t|s,a) x(t), push(x)(t) = sum_sa x(s,a) P(t|s,a).
_QUANTITIES = """one ~ sum_s(rho0); ones ~ sum_a(pi); ones ~ sum_a(pi_new); ones ~ sum_a(target);
all ~ next(ones); pi_new ~ (1-alpha)*pi + alpha*target; V ~ sum_a(pi*(r + gamma*next(V)));
V_new ~ sum_a(pi_new*(r + gamma*next(V_new))); rho ~ rho0 + gamma*push(pi*rho);
rho_new ~ rho0 + gamma*push(pi_new*rho_new); V_star ~ max_a(r + gamma*next(V_star));
d = (1-gamma)*rho; Q = r + gamma*next(V); A = Q - V; d_new = (1-gamma)*rho_new;
Q_new = r + gamma*next(V_new); A_new = Q_new - V_new;
A_bar = sum_a(pi_new*A); A_bar_target = sum_a(target*A); W ~ A_bar + gamma*sum_a(pi_new*next(W));
V_dot ~ sum_a((pi_new-pi)*Q) + gamma*sum_a(pi*next(V_dot)); eta = sum_s(rho0*V);
eta_new = sum_s(rho0*V_new); eta_dot = sum_s(rho0*V_dot); L = eta + sum_s(rho*A_bar);
M_pi = L_mix(0); tv = sum_a(abs(pi - pi_new))/2; max_tv = max_s(tv); mean_tv = mean_d(tv);
eps = max_sa(abs(A)); eps_cpi = max_s(abs(A_bar)); eps_target = max_s(abs(A_bar_target));
C = 4*eps*gamma/(1-gamma)**2; kl : sum_a(pi*log_ratio(pi, pi_new)); max_kl : max_s(kl);
mean_kl : mean_d(kl); M : L - C*max_kl; kl_reversed : sum_a(pi_new*log_ratio(pi_new, pi));
kl_d : sum_s(d*log_ratio(d, d_new)); entropy : sum_a(pi*log_ratio(1, pi));
entropy_new : sum_a(pi_new*log_ratio(1, pi_new)); abs(x) : larger(x, -x); mean_d(x) : sum_s(d*x);
span_s(x) : max_s(x) + max_s(-x); span_a(x) : max_a(x) + max_a(-x);
shift(x) : sum_a((pi_new-pi)*next(x)); J : sum_s(d_avg*sum_a(pi*r));
J_new : sum_s(d_avg_new*sum_a(pi_new*r)); kemeny : sum_s(H_diagonal);
kemeny_new : sum_s(H_diagonal_new); log_gap : abs(log_ratio(pi, pi_new)); classes : classes_of(pi);
classes_new : classes_of(pi_new); natural : weights(pi, rho, A);
w_fit : shared_weights(pi, rho, A); w_fit_new : shared_weights(pi_new, rho_new, A_new);
L_mix(x) : eta + sum_s(rho*(sum_a(((1-x)*pi + x*pi_new)*Q) - V));
step_c ~ larger(step_c, 0); step_m ~ larger(step_m, 0); step_a ~ max_tv; G_step = rho*A;
one ~ 1 + sum_s(step_m) - 2*step_c*step_a; ones ~ 1 + step_m*(step_a - tv);
ones ~ (1 + sum_a(pi*larger(max_a(G_step) - G_step - step_m, 0))
- (sum_a((pi_new-pi)*G_step) - step_m*tv))"""
# H inverts I - P_pi + 1 rho0, so it is the only one: what each column adds, unit being its place.
_COLUMN = """H_column ~ unit + sum_a(pi*next(H_column)) - sum_s(rho0*H_column);
d_avg = d_avg + unit*sum_s(rho0*H_column); h = h + H_column*sum_s(unit*sum_a(pi*r));
H_diagonal = H_diagonal + unit*H_column"""
# What the formulas of a claim may name and call; all else is for the formulas above only.
_NAMES = """gamma alpha eta eta_new eta_dot L M M_pi C eps eps_cpi eps_target max_tv mean_tv max_kl
mean_kl kl_d J J_new kemeny kemeny_new rho0 rho rho_new d d_new V V_new V_star A_bar A_bar_target
tv kl kl_reversed W entropy entropy_new d_avg d_avg_new h h_new A A_new Q Q_new r pi pi_new"""
_NAMES_2 = "classes classes_new log_gap natural w_fit w_fit_new ratio"  # not in version 1
_CALLS = """abs sqrt log sum_s max_s span_s mean_d max_a span_a max_sa sum_a next push move
shift step_tv L_mix smaller"""
NODES = "Expression Constant Name Load Call UnaryOp USub BinOp Add Sub Mult Div Pow".split()

Stated = tuple[str, str, str, str | None]  # equation, source, formula, condition


def _table(rows: list[str], later: dict[str, Stated]) -> dict[str, Stated]:
    """Return the rows of a table by name; an omitted field is that of the `later` table."""
    made, source = dict[str, Stated](), ""
    for head, equation, *rest in (row.strip().split(" | ") for row in rows):
        new, _, name = head.rpartition(": ")
        source = new or source
        stated = (rest[0], (*rest, None)[1]) if rest else later[name][2:]
        made[name] = (equation, source, *stated)
    return made


THEOREMS = _table(_TABLE.splitlines(), {})
TABLES = {1: _table(_TABLE_1.replace("\n", " ").split(";"), THEOREMS), 2: THEOREMS}
FIELD = re.compile(_FIELDS.replace("\n", "|"), re.DOTALL)
QUANTITIES, COLUMN, COLUMN_NEW = (
    [part.split(maxsplit=2) for part in text.split(";")]
    for text in (_QUANTITIES, _COLUMN, re.sub(r"\b(pi|d_avg|h|H_diagonal)\b", r"\1_new", _COLUMN))
)
SHORT = {name: text for name, sign, text in QUANTITIES if sign == ":"}
FORMER = {"expect_next": "next", "push_forward": "push", "transition_l1": "move"}
STEP = "no policy has a larger sum_s(rho*A_bar) - c*max_tv**2 than pi_new, c = step.c"
NAMES = {*_NAMES.split()} | {*_NAMES_2.split()} - {"ratio"}
ARITY = dict.fromkeys(_CALLS.split(), 1) | {"smaller": 2, "ratio": 2}
LATER = {1: {*_NAMES_2.split()}, 2: set()}  # what a version lacks
LOGS = {*"kl max_kl mean_kl M kl_reversed kl_d log_gap entropy entropy_new log".split()}


@final
class CertificateError(ValueError):
    """The first discrepancy of a certificate, said as ``where = got, expected what``."""


@final
class Statement(NamedTuple):
    """One claim that was re-checked; `user_claim` when its name is not in the table."""

    name: str
    status: str
    text: str
    user_claim: bool


def _require(good: object, where: str, got: object, expected: object) -> None:
    if not good:
        raise CertificateError(_plain(f"{where:.200} = {got!s:.90}, expected {expected!s:.90}"))


def _plain(text: str) -> str:
    """Return the text with control characters and line ends escaped."""
    return "".join(c if c.isascii() and c.isprintable() else ascii(c)[1:-1] for c in text)


def _fields(item: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the leaves of nested objects and lists: path, and JSON value, a text behind a quote."""
    if isinstance(item, dict) and item:
        for key, part in item.items():
            name = re.sub(r'[~/[ "]', lambda sign: f"~{ord(sign[0]):x}", str(key))  # else ambiguous
            yield from _fields(part, f"{path}/{name}")
    elif isinstance(item, list) and item:
        for i, part in enumerate(item):
            yield from _fields(part, f"{path}[{i}]")
    else:
        yield path, f'"{item}' if isinstance(item, str) else json.dumps(item)


def _spell(x: Interval | None) -> str:
    return f"{x[0].numerator:x}/{x[0].denominator:x} in hex" if x else "absent"


def _fraction(text: str) -> Fraction:
    parts = [int(part, 16) for part in text.split("/")]
    _spend(*parts)
    return Fraction(*parts)


def _read(doc: dict[str, Any]) -> Env:
    """Return all rational quantities of a certificate: read and verified, or computed."""
    model, mixture, one = doc["model"], doc["mixture"] or {}, Fraction(1)
    policies, actions = model["policies"], {*model["actions"]}
    states = dict.fromkeys(model["states"])  # in their order, and quick to search
    for key in ("states", "actions"):
        _require(len({*model[key]}) == len(model[key]), f"model.{key}", model[key], "none twice")
    labels = sorted(["pi", "pi_new", *([mixture["target"]] if mixture else [])])
    _require(sorted(policies) == labels, "model.policies", [*policies], labels)
    raw: dict[str, dict[Any, Fraction]] = {"P": {}, "r": {}, "one": {(): one}}
    for i, (s, a, t, p, reward) in enumerate(model["transitions"]):
        good = {s, t} <= states.keys() and a in actions and (s, a, t) not in raw["P"]
        _require(good, f"model.transitions[{i}]", [s, a, t], "known names, no triple twice")
        raw["P"][s, a, t] = Fraction(p)
        raw["r"][s, a] = _more(raw["r"].get((s, a), 0 * one), Fraction(p), Fraction(reward))
    raw |= {"ones": {(s,): one for s in states}, "all": dict.fromkeys(raw["r"], one)}
    texts: dict[str, dict[Any, str]] = {"gamma": {(): model["gamma"]}}
    texts |= {"alpha": {(): mixture["alpha"]}} if mixture else {}
    texts["rho0"] = {(s,): x for s, x in model["rho0"].items()}
    for label, rows in policies.items():
        texts[label] = {(s, a): x for s, row in rows.items() for a, x in row.items()}
    for name, table in texts.items():
        keys = raw[{"gamma": "one", "alpha": "one", "rho0": "ones"}.get(name, "all")]
        _require({*table} <= {*keys}, f"model.{name}", [*table], "known states, allowed actions")
        raw[name] = {key: Fraction(table.get(key, "0")) for key in keys}
    good = raw["gamma"][()] < 1 and (not mixture or raw["alpha"][()] <= 1)
    _require(good, "gamma or alpha", "too large", "gamma < 1 and alpha <= 1")
    step = doc.get("step", {})
    raw |= {f"step_{name}": {(): _fraction(step[name])} for name in ("c", "a") if step}
    vectors = doc["witness"] | ({"step_m": step["m"]} if step else {})
    for name, part in vectors.items():
        den, *nums = (int(text, 16) for text in [part["den"], *part["num"]])
        for num in nums:
            _spend(den, num)
        places = [*product(states, repeat=2 if name[0] == "H" else 1)]
        good = den > 0 and math.gcd(den, *nums) == 1 and len(nums) == len(places)
        _require(good, f"witness.{name}", part, "integers over den > 0, in lowest terms")
        raw[name] = {key: Fraction(num, den) for key, num in zip(places, nums, strict=True)}
    env: Env = {name: {key: (x, x) for key, x in table.items()} for name, table in raw.items()}
    absent = "V_star" not in env, not mixture, not step  # the first: unless a claim names it
    words = [*compress(("V_star", "target|alpha", "step_|G_step"), absent)]
    _follow([row for row in QUANTITIES if not any(re.search(x, " ".join(row)) for x in words)], env)
    for H, rows in (("H", COLUMN), ("H_new", COLUMN_NEW)):
        zero = dict.fromkeys(env["ones"], ZERO)
        env |= {name: zero for name, *_ in rows if H in raw}
        for t in states if H in raw else ():
            env["H_column"] = {(s,): env[H][s, t] for s in states}
            env["unit"] = zero | {(t,): env["one"][()]}
            _follow(rows, env)
    return env


def _follow(rows: list[list[str]], env: Env) -> None:
    """Compute the quantity of each row, or verify the one that the certificate states."""
    for name, sign, text in rows:
        if sign != ":":
            value = _value(text, env, 0)
            for k in {**env[name], **value} if sign == "~" else ():
                x, y = env[name].get(k), value.get(k)
                _require(x == y, " at ".join((name, *k)), _spell(x), f"{text} = {_spell(y)}")
            env[name] = value


_LEFT: ContextVar[list[int]] = ContextVar("_LEFT")  # of the budget; unset outside of `check`


def _spend(*numbers: Any, bits: int = 0) -> None:
    """Count an operation on numbers, whose gcds take the square of their length, as work."""
    for x in numbers:
        bits += 0 if type(x) is float else x.numerator.bit_length() + x.denominator.bit_length()
    if left := _LEFT.get(None):
        left[0] -= 1 + (bits >> 12) ** 2
        _require(left[0] >= 0, "work", "too much work", "shorter formulas and numbers")


def _more(total: Fraction, x: Fraction, y: Fraction) -> Fraction:
    """Return total + x*y, and count the operation as work."""
    _spend(total, x, y)
    return total + x * y


def _ends(f: Callable[[Any, Any], Any], x: Interval, y: Interval) -> Interval:
    """Return an enclosure of f(x, y), f monotone in each argument, from the interval ends."""
    ends: list[Any] = []
    for a, b in [(x[0], y[0])] if x[0] is x[1] and y[0] is y[1] else product(x, y):
        if float in (type(a), type(b)) and f not in (min, max):  # infinite: signs decide
            a, b = (z if type(z) is float else float((z > 0) - (z < 0)) for z in (a, b))
        _spend(a, b)
        end = f(a, b)
        if isinstance(end, Fraction):
            size = end.numerator.bit_length() + end.denominator.bit_length()
            _require(size <= MOST_BITS, "a number in a formula", f"{size} bits", f"<= {MOST_BITS}")
        elif math.isnan(end):
            raise ArithmeticError("inf - inf, or inf over inf")
        ends.append(end or ZERO[0])  # a number over inf is 0
    return min(ends), max(ends)


def _over(x: Interval, y: Interval) -> Interval:
    if y[0] <= 0 <= y[1]:
        raise ArithmeticError("a divisor that may be 0")
    return _ends(operator.truediv, x, y)


def _round(x: Interval, bits: int) -> Interval:
    """Return an enclosure with its ends rounded outwards to `bits`; an exact one unchanged."""
    keep, ends = 2 * bits + 64, list(x)
    for i, end in enumerate(x if x[0] != x[1] and float not in map(type, x) else ()):
        sizes = end.numerator.bit_length(), end.denominator.bit_length()
        if sum(sizes) > 2 * keep:
            _spend(end)
            unit = Fraction(2) ** (sizes[0] - sizes[1] - keep)
            ends[i] = unit * (math.ceil(end / unit) if i else math.floor(end / unit))
    return ends[0], ends[1]


def _ratio(x: Interval, y: Interval) -> Interval:
    """Return an enclosure of x / y, where 0 / y is 0 and x / 0 is infinite for other x."""
    if x == ZERO:
        return x
    if y != ZERO:
        return _over(x, y)
    if x[0] <= 0 <= x[1]:
        raise ArithmeticError("a number over 0 that may be 0")
    return (math.inf if x[0] > 0 else -math.inf,) * 2


def _root(x: Interval, bits: int) -> Interval:
    if x[0] < 0:
        raise ArithmeticError("the root of a number that may be negative")
    if x[1] == math.inf:
        return x if x[0] == math.inf else (ZERO[0], math.inf)
    _spend(*x, bits=4 * bits)
    squares = [end.numerator * end.denominator << 2 * bits for end in x]
    low, high = map(math.isqrt, squares)
    high += high**2 < squares[1]
    return Fraction(low, x[0].denominator << bits), Fraction(high, x[1].denominator << bits)


@lru_cache(maxsize=4096, typed=True)
def _log(x: Fraction, bits: int) -> Interval:
    """Enclose log x = 2 atanh((m-1)/(m+1)) + 2 k atanh(1/3), where x = 2**k m and 1/2 < m < 2.

    atanh z = z + z**3/3 + ... in integers over 2**work.  Floors only lower: each power by less than
    2 units, so each term by less than 3, and the tail from the first power of 0 units is below 3.
    """
    _require(type(x) is Fraction and x > 0, "log x at x", x, "a positive rational")
    _spend(x, bits=64 * bits)  # here, since an earlier one may be at hand
    k, work = x.numerator.bit_length() - x.denominator.bit_length(), bits + 2 * bits.bit_length()
    m, (low, high) = x / Fraction(2) ** k, ZERO
    for times, z in ((2, (m - 1) / (m + 1)), (2 * k, Fraction(1, 3))):
        power = (abs(z.numerator) << work) // z.denominator
        square, total, terms = (z.numerator**2 << work) // z.denominator**2, 0, 0
        while power:
            total, terms = total + power // (2 * terms + 1), terms + 1
            power = power * square >> work
        unit = Fraction(times if z > 0 else -times, 1 << work)
        ends = sorted((unit * total, unit * (total + 3 * terms + 3)))
        low, high = low + ends[0], high + ends[1]
    return low, high


def _log_ratio(p: Interval, q: Interval, bits: int) -> Interval:
    _require(p[0] == p[1] and q[0] == q[1], "log_ratio", (p, q), "numbers that are known exactly")
    _spend(p[0], q[0])
    return ZERO if p == q else _log(p[0] / q[0], bits) if p[0] and q[0] else (math.inf, math.inf)


def _log_between(x: Interval, bits: int) -> Interval:
    if x[0] <= 0:
        raise ArithmeticError("the logarithm of a number that may be 0 or negative")
    _spend(*x)
    ends = [ZERO if end == 1 else _log(end, bits) if end < math.inf else (end, end) for end in x]
    return ends[0][0], ends[1][1]


# 0 * inf = 0: a state that is never visited adds nothing to a mean, even when its KL is infinite.
_TWO: Any = {"Add": operator.add, "Sub": operator.sub, "smaller": min, "larger": max}
_TWO["Mult"] = lambda a, b: a * b if a and b else ZERO[0]
ENTRYWISE: Any = {name: partial(_ends, f) for name, f in _TWO.items()}
ENTRYWISE |= {"Div": _over, "ratio": _ratio}


def _vet(formula: str, where: str, later: Collection[str] = ()) -> None:
    """Raise an error where a formula of a claim uses a name or syntax that is not documented."""
    words = re.findall(r"\w+", formula)  # 0x10 and 1_0 are words, and no digits
    good = all(x in NAMES or x in ARITY or x.isdigit() for x in words) and not {*later} & {*words}
    depth, level = 0, [_tree(formula)]
    while level:
        for node in level:
            _spend()
            good &= type(node).__name__ in NODES
            if isinstance(node, ast.Call):
                good &= len(node.args) == ARITY.get(ast.unparse(node.func))
        depth, level = depth + 1, [part for x in level for part in ast.iter_child_nodes(x)]
    _require(good, where, formula, "numbers, names and calls of the formula language")
    _require(depth <= MOST_DEPTH, where, f"nested {depth} deep", f"<= {MOST_DEPTH}")


@lru_cache(maxsize=1024)
def _tree(formula: str) -> Any:
    return ast.parse(formula.strip(), mode="eval").body


def _value(node: Any, env: Env, bits: int) -> Value:
    """Return the value of a formula, given as text or as its syntax tree, at `bits`."""
    _spend()
    match _tree(node) if isinstance(node, str) else node:
        case ast.Constant(value=n) if type(n) is int:
            return {(): (Fraction(n),) * 2}
        case ast.Name(id=name) if name in env or name in SHORT:
            return env[name] if name in env else _value(SHORT[name], env, bits)
        case ast.UnaryOp(op=ast.USub(), operand=x):
            return _apply("Sub", [{(): ZERO}, _value(x, env, bits)], env, bits)
        case ast.BinOp(left=x, op=ast.Pow(), right=ast.Constant(value=int(n))) if n <= MOST_POWER:
            base = _value(x, env, bits)
            unit = dict.fromkeys(base, env["one"][()])
            return _value("unit" + "*x" * n, env | {"unit": unit, "x": base}, bits)
        case ast.BinOp(left=x, op=op, right=y):
            return _apply(type(op).__name__, [_value(z, env, bits) for z in (x, y)], env, bits)
        case ast.Call(ast.Name("step_tv"), [ast.Constant(int(n))]) if n <= MOST_POWER:
            laws = (f"push({policy}*" * n + "rho0" + ")" * n for policy in ("pi", "pi_new"))
            formula = f"sum_s(abs({' - '.join(laws)}))/2"
            env[formula] = env.get(formula) or _value(formula, env, bits)
            return env[formula]
        case ast.Call(func=ast.Name(id=name), args=args):
            return _apply(name, [_value(x, env, bits) for x in args], env, bits)
        case other:
            raise CertificateError(f"formula = {ast.unparse(other):.90}, expected known names")


def _apply(name: str, args: list[Value], env: Env, bits: int) -> Value:
    x, sizes = args[0], [len(next(iter(arg))) for arg in args]
    precise: dict[str, Any] = {"sqrt": _root, "log_ratio": _log_ratio, "log": _log_between}
    f: Any = partial(precise[name], bits=bits) if name in precise else ENTRYWISE.get(name)
    if f:  # a number serves every state, a vector every action
        keys = args[sizes.index(max(sizes))]
        entries = ((k, (x[k[:n]] for x, n in zip(args, sizes, strict=True))) for k in keys)
        return {k: _round(f(*entry), bits) for k, entry in entries}
    if f"{name}(x)" in SHORT and len(args) == 1:
        return _value(SHORT[f"{name}(x)"], env | {"x": x}, bits)
    if name in STRUCTURE:
        return STRUCTURE[name](env, *args)
    axes = {1: ("next", "sum_s", "max_s"), 2: ("push", "move", "sum_a", "max_a", "max_sa")}
    good = len(args) == 1 and name in axes.get(sizes[0], ())
    _require(good, f"the arguments of {name}", sizes, "one table, or one vector")
    groups: dict[tuple[str, ...], list[Interval]] = {k: [] for k in env["ones"] if name == "push"}
    den = (Fraction(1),) * 2
    if name in ("next", "push", "move"):  # over a common denominator, which spares many long gcds
        common = 1
        for end in (end for y in x.values() for end in y if isinstance(end, Fraction)):
            _spend(common, end)
            common = math.lcm(common, end.denominator)
        den = (Fraction(common),) * 2
        x = {key: ENTRYWISE["Mult"](y, den) for key, y in x.items()}
        for (s, a, t), p in env["P"].items():
            get = (t,) if name == "next" else (s, a)
            put = {"next": (s, a), "push": (t,), "move": (s, t)}[name]
            groups.setdefault(put, []).append(ENTRYWISE["Mult"](p, x[get]))
    else:
        for key, y in x.items():
            groups.setdefault(key[: name[3:] == "_a"], []).append(y)
    if name[:3] == "max":
        return {key: reduce(ENTRYWISE["larger"], ys) for key, ys in groups.items()}
    totals = {key: _over(reduce(ENTRYWISE["Add"], ys, ZERO), den) for key, ys in groups.items()}
    sums = {key: _round(y, bits) for key, y in totals.items()}
    return _value("sum_a(abs(x))", env | {"x": sums}, bits) if name == "move" else sums


def _classes(env: Env, pi: Value) -> Value:
    """Return the number of recurrent classes of the chain of pi, from its graph."""
    after: dict[str, list[str]] = {s: [] for (s,) in env["ones"]}
    for s, a, t in env["P"]:
        if env["P"][s, a, t][0] > 0 and pi[s, a][0] > 0:
            after[s].append(t)
    reached: dict[str, set[str]] = {}
    for s in after:
        found, todo = {s}, [s]
        while todo:
            _spend()
            new = {*after[todo.pop()]} - found
            found |= new
            todo += new
        reached[s] = found
    closed = {frozenset(r) for s, r in reached.items() if all(s in reached[t] for t in r)}
    return {(): (Fraction(len(closed)),) * 2}


def _least_norm(F: list[list[Fraction]], g: list[Fraction]) -> list[Fraction]:
    """Return F^+ g for a symmetric F: it is F y for any y with F F F y = F g.

    F y lies in the range of F, to which F F y - g is orthogonal: the shortest least squares.
    """
    n = range(len(g))

    def by_F(x: list[Fraction]) -> list[Fraction]:
        return [reduce(lambda total, j: _more(total, row[j], x[j]), n, Fraction(0)) for row in F]

    columns = [by_F(by_F(column)) for column in F]  # of F F F, which is symmetric too
    rows = [[*row, x] for row, x in zip(columns, by_F(g), strict=True)]
    y, pivots = [Fraction(0)] * len(g), list[int]()
    for k in n:
        top = len(pivots)
        found = next((i for i in n if i >= top and rows[i][k]), None)
        if found is None:
            continue
        rows[top], rows[found] = rows[found], rows[top]
        rows[top] = [x / rows[top][k] for x in rows[top]]
        for i in n:
            if i != top and rows[i][k]:
                rows[i] = [_more(x, -rows[i][k], rows[top][j]) for j, x in enumerate(rows[i])]
        pivots.append(k)
    for i, k in enumerate(pivots):
        y[k] = rows[i][-1]
    return by_F(y)


def _weights(shared: bool, _: Env, *tables: Value) -> Value:
    """Return F^+ (rho pi A), F the Fisher matrix of the logits of each state, or shared by all."""
    (pi, rho, A), rows = tables, dict[str, list[str]]()
    for s, a in pi:
        rows.setdefault(s, []).append(a)
    made: Value = {}
    for block in [[*rows]] if shared else [[s] for s in rows]:
        actions = [*dict.fromkeys(a for s in block for a in rows[s])]
        place, n = {a: i for i, a in enumerate(actions)}, len(actions)
        F, g = [[Fraction(0)] * n for _ in actions], [Fraction(0)] * n
        for s in block:
            for a in rows[s]:
                mass = rho[s,][0] * pi[s, a][0]
                F[place[a]][place[a]] += mass
                g[place[a]] = _more(g[place[a]], mass, A[s, a][0])
                for b in rows[s]:
                    F[place[a]][place[b]] = _more(F[place[a]][place[b]], -mass, pi[s, b][0])
        x = _least_norm(F, g)
        made |= {(s, a): (x[place[a]],) * 2 for s in block for a in rows[s]}
    return made


STRUCTURE: dict[str, Callable[..., Value]] = {"classes_of": _classes}
STRUCTURE |= {"weights": partial(_weights, False), "shared_weights": partial(_weights, True)}


def _holds(relation: str, slack: Interval) -> bool | None:
    """Return whether a relation holds, from an enclosure of the slack; None if undecided."""
    if relation == "==" and not slack[0] == slack[1] == 0:
        return False if slack[0] > 0 or slack[1] < 0 else None
    return True if slack[0] >= 0 else False if slack[1] < 0 else None


def _test(text: str, env: Env, bits: int) -> tuple[bool | None, Interval]:
    """Return whether a claim holds (None if undecided) and an enclosure of its slack."""
    left, relation, right = re.split(RELATION, text)
    formula = f"{right} - ({left})" if relation == "<=" else f"{left} - ({right})"
    slack = _value(formula, env, bits)[()]
    return _holds(relation, slack), slack


def _judge(claim: dict[str, Any], where: str, env: Env, version: int) -> Statement:
    """Return the claim re-checked at rising precision until status and slack are confirmed."""
    name, given = claim["name"], claim["slack"]
    said = f"{claim['lhs']} {claim['relation']} {claim['rhs']}", claim["precondition"]
    text, condition = (x and re.sub("|".join(FORMER), lambda new: FORMER[new[0]], x) for x in said)
    stated = (claim["equation"], claim["source"], text, condition)
    own = TABLES[version].get(name, stated)
    premise = {None: "0 == 0", "mixture": f"{int('alpha' in env)} == 1"}.get(condition, condition)
    for side in re.split(RELATION, f"{text} == {premise}")[::2]:
        _vet(side, where, LATER[version])
    trees = [ast.dump(ast.parse(f"{x}".strip())) for x in (*stated[2:], *own[2:])]
    _require(stated[:2] == own[:2] and trees[:2] == trees[2:], f"{where} {name}", stated, own)
    words = {*re.findall(r"\w+", f"{text} {premise}")}
    exactness = "log" if words & LOGS else "sqrt" if "sqrt" in words else "rational"
    _require(claim["exactness"] == exactness, f"{where}.exactness", claim["exactness"], exactness)
    for bits in PRECISIONS:
        try:
            applies, _ = _test(premise, env, bits)
            holds, slack = _test(text, env, bits) if applies else (True, (math.inf, math.inf))
        except ArithmeticError:
            continue
        infinite = math.inf in map(abs, slack)
        if applies is None or holds is None or (infinite and slack[0] != slack[1]):
            continue
        status = "refuted" if not holds else "vacuous" if infinite else "proved"
        _require(claim["status"] == status, f"{where}.status", claim["status"], status)
        _require((given is None) == infinite, f"{where}.slack", given, "null if infinite")
        low, high = map(_fraction, given) if given else slack
        within = low <= slack[1] and slack[0] <= high and (low == high or exactness != "rational")
        _require(within, f"{where}.slack", given, "the slack, or an interval round it")
        if low <= slack[0] and slack[1] <= high:
            shows = infinite or _holds(claim["relation"], (low, high)) is holds
            _require(shows, f"{where}.slack", given, f"an interval where it is {status}")
            shown = " if ".join(filter(None, said))
            return Statement(name, status, shown, name not in TABLES[version])
    raise CertificateError(f"{where} = undecided at {PRECISIONS[-1]} bits, expected a decision")


def check(certificate: dict[str, Any]) -> tuple[Statement, ...]:
    """Return one statement a claim, or raise CertificateError with the first discrepancy.

    A certificate that asks for too much work is refused: the budget grows with model and witness.

    >>> check({"format": "tabular-trpo-certificate"})
    Traceback (most recent call last):
    tabular_trpo.check.CertificateError: /version = absent, expected its constant
    """
    try:
        absent = dict.fromkeys(("/format", "/version", "/model/format", "/model/version"))
        for path, value in _fields(certificate):
            known = FIELD.fullmatch(f"{path} {value}")
            _require(known, path or "certificate", value, "a field of the format")
            absent.pop(path, None)
        _require(not absent, next(iter(absent), ""), "absent", "its constant")
        body = {key: part for key, part in certificate.items() if key != "digest"}
        text = json.dumps(body, sort_keys=True, separators=(",", ":"))
        digest = hashlib.sha256(text.encode()).hexdigest()
        _require(certificate["digest"] == digest, "digest", certificate["digest"], digest)
        size = len(json.dumps([body["model"], body["witness"]]))
        _log.cache_clear()  # so that the work does not depend on what was checked before
        _LEFT.set([WORK + WORK_A_BYTE * size])
        env, values, claims = _read(body), body["values"], body["claims"]
        names = "eta eta_new L eps eps_cpi max_tv mean_tv C eta_dot alpha eps_target".split()
        own = {name: env[name][()] for name in names if name in env}
        _require({*values} == {*own}, "values", [*values], [*own])
        for name, value in values.items():
            _require(_fraction(value) == own[name][0], f"values.{name}", value, _spell(own[name]))
        good = len({claim["name"] for claim in claims}) == len(claims) <= MOST_CLAIMS
        _require(good, "claims", len(claims), f"<= {MOST_CLAIMS} claims, of different names")
        judged = [_judge(x, f"claims[{i}]", env, body["version"]) for i, x in enumerate(claims)]
        steps = [Statement("tv_penalised_step", "proved", STEP, False)] if "step" in body else []
        return (*judged, *steps)
    except CertificateError:
        raise
    except Exception as error:  # of a hostile document: a key is absent, a list is no object
        raise CertificateError(_plain(f"certificate = {error!r:.99}, expected its shape")) from None
    finally:
        _LEFT.set([])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return dict(pairs)


def load(data: bytes) -> Any:
    """Return the document that the bytes of a certificate hold.

    raises: ValueError for bytes that are not JSON in UTF-8, or not a certificate
    """
    if len(data) > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES} bytes")
    text = data.decode("utf-8-sig")
    outside = re.sub(r'"[^"\\]*(?:\\.[^"\\]*)*"|[^][{}"]+', "", text, flags=re.DOTALL)
    steps = ((c in "[{") - (c in "]}") for c in outside)
    if max(accumulate(steps), default=0) > MOST_NESTED:
        raise ValueError(f"nested more than {MOST_NESTED} deep")
    doc = json.loads(text, object_pairs_hook=_unique, parse_constant=Fraction)
    if not isinstance(doc, dict) or doc.get("format") != FORMAT:
        raise ValueError(f"no certificate: its format is not {FORMAT!r}")
    return doc


def main(argv: list[str] | None = None) -> int:
    """Print one line a statement; exit 0 ok, 1 a certificate refuted, 2 usage, 3 unreadable."""
    paths, codes = sys.argv[1:] if argv is None else argv, {0}
    if not paths or paths[0].startswith("-"):
        print("usage: check.py FILE...", file=sys.stderr)
        return 2
    for path in paths:
        try:
            with open(path, "rb") as file:
                data = file.read(MOST_BYTES + 1)
            for name, status, claim, user_claim in check(load(data)):
                what = f"user claim {name!a}" if user_claim else name
                print(_plain(f"{path}: {status} {what}: {claim}"))
        except (OSError, ValueError) as error:
            code, end = (1, "refused") if type(error) is CertificateError else (3, "unreadable")
            codes.add(code)
            print(_plain(f"{path}: {end}: {error}"), file=sys.stderr)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
