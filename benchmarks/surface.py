"""The public functions, methods and records of the package, with the kind of each parameter."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import tabular_trpo as tt
from benchmarks.worlds import World

# name: parameters as name=kind, or only the name if the kind has the same name; "?" marks optional
# ones.  The first parameter of a method is `self`.
RECIPES = {
    "MDP": "P r rho0 gamma allowed state_names? action_names?",
    "MDP.from_counts": "counts r=exact_r rho0=exact_rho0 gamma=exact_gamma",
    "MDP.from_transitions": "transitions rho0 gamma state_names=none? action_names=none? "
    "layout=auto_layout?",
    "MDP.replace": "self=mdp gamma? rho0? r?",
    "MDP.to_float": "self=mdp",
    "MDP.to_rational": "self=mdp",
    "Pair": "mdp pi pi_new",
    "Pair.mixture": "mdp pi target=pi_new alpha=probability",
    "Pair.to_float": "self=pair",
    "Pair.to_rational": "self=pair",
    "Pair.enclosed": "self=pair",
    "Surrogate.gain": "self=L pi_new=lead_table",
    "Surrogate.value": "self=L pi_new=lead_pi",
    "Surrogate.gradient": "self=L pi_new=lead_pi",
    "Surrogate.radius": "self=L pi_new=lead_pi",
    "Theorem": "name=title equation=word source=word formula precondition=formula? center?",
    "Theorem.text": "self=theorem",
    "Theorem.condition_text": "self=theorem",
    "Theorem.names": "self=theorem",
    "atlas": "",
    "certificate": "mdp=single pi pi_new theorems",
    "check.check": "certificate",
    "claim": "title center? when=formula?",
    "evaluate": "mdp pi",
    "exact_work": "mdp=rational_mdp",
    "families.named.chain": "n gamma=text_gamma slip=text_probability? layout?",
    "families.named.combination_lock": "n gamma=text_gamma n_actions? code? layout?",
    "families.named.gridworld": "width=n height=n gamma=text_gamma slip=text_probability? "
    "stay=text_probability? step_reward=reward? walls? layout?",
    "families.named.queue": "capacity=n gamma=text_gamma service=text_probability? pay=reward? "
    "cost=reward? layout?",
    "families.named.ring": "n gamma=text_gamma layout?",
    "families.named.river_swim": "n gamma=text_gamma forward=text_probability? "
    "back=text_probability? "
    "drift_pay=reward? layout?",
    "families.named.walk": "n gamma=text_gamma layout?",
    "families.random.garnet": "rng n_states=n n_actions branching gamma=text_gamma "
    "batch=batch_shape? layout?",
    "families.random.dirichlet": "rng n_states=n n_actions gamma=text_gamma concentration=above? "
    "batch=batch_shape?",
    "families.random.policy": "rng mdp=float_models concentration=above?",
    "families.worst_case.tight_thm1": "a=text_probability gamma=text_gamma far=reward?",
    "families.worst_case.tight_cpi": "gamma=text_gamma sign? alpha=text_probability?",
    "families.worst_case.two_region": "gamma=text_gamma a=text_probability",
    "families.worst_case.fork": "gamma=text_gamma a=text_probability b=text_probability",
    "families.worst_case.rare_region": "gamma=text_gamma p=text_probability x=share "
    "a=text_probability",
    "families.worst_case.ladder": "levels=level gamma=text_gamma a=text_probability",
    "families.worst_case.standard": "gamma=text_gamma?",
    "falsify": "claim=theorem seed? budget gamma=text_gamma? families=flag? rounds=one? start?",
    "formats.dumps": "document=mapping",
    "formats.from_document": "document arithmetic?",
    "formats.load": "path arithmetic?",
    "formats.read": "path arithmetic?",
    "formats.from_gym": "env gamma=text_gamma rho0=none? layout=auto_layout?",
    "formats.tabular_policy": "fn=agent mdp=float_models normalize=flag?",
    "formats.to_document": "mdp=single policies? why? expected?",
    "formats.to_gym": "mdp=floats",
    "formats.write": "mdp=single path=new_path policies? why? expected?",
    "graph": "mdp=single pi?",
    "improve.SoftmaxClass": "shape features? allowed=none?",
    "improve.SoftmaxClass.check": "self=members L=float_L",
    "improve.SoftmaxClass.empirical_fisher_product": "self=members theta v=theta states=two_states "
    "actions=two_actions_of_0 weights=two_weights?",
    "improve.SoftmaxClass.fisher_product": "self=members weight theta v=theta",
    "improve.SoftmaxClass.gradient": "self=members L=float_L theta",
    "improve.SoftmaxClass.logits": "self=members theta",
    "improve.SoftmaxClass.policy": "self=members theta",
    "improve.SoftmaxClass.theta": "self=members theta",
    "improve.aliased": "groups n_actions allowed=none?",
    "improve.best_alpha": "mdp=single pi target=pi_new",
    "improve.conservative": "L alpha=probability ev? target=pi_new?",
    "improve.following": "theta=logits step=float_step_function",
    "improve.greedy": "L A=Q?",
    "improve.halted": "",
    "improve.in_floats": "step=step_function",
    "improve.iterate": "mdp=single pi step=step_function until=rules? halting=flag?",
    "improve.max_kl": "L=float_L delta",
    "improve.mean_kl": "L=float_L delta",
    "improve.mean_kl_penalty": "L=float_L C=delta",
    "improve.mean_tv_constraint": "L delta=number_positive",
    "improve.minorize": "L=float_L C=delta",
    "improve.mirror": "L=float_L lam=delta",
    "improve.natural": "L=float_L theta delta policy_class? direction? damping? "
    "iterations=optional_count? "
    "accept=rule? divergence?",
    "improve.natural_fixed": "L=float_L theta lam=delta policy_class? damping? "
    "iterations=optional_count?",
    "improve.duality_gap": "L step=tv_step",
    "improve.on_grid": "step=step_function",
    "improve.rwr": "L=float_L u=ones",
    "improve.step_to": "L pi_new",
    "improve.step_certificate": "mdp=rational_mdp pi=rational_pi step=rational_step theorems?",
    "improve.tv_constraint": "L delta=number_positive",
    "improve.tv_penalty": "L c=number_positive",
    "improve.vanilla": "L=float_L theta delta policy_class?",
    "judge": "theorem pair bits? arithmetic?",
    "kl": "p=row q=row",
    "optimal": "mdp",
    "pair_certificate": "pair=rational_pair theorems bits?",
    "penalty": "ev",
    "policies.check_policy": "mdp pi",
    "policies.policy_array": "mdp pi=unchecked",
    "policies.check_rows": "name=pi_name pi=array mask",
    "policies.normalize": "mdp pi=weights_of_rows",
    "policies.uniform": "mdp",
    "policies.deterministic": "mdp actions",
    "policies.best_actions": "mdp Q=rewards",
    "policies.greedy": "mdp Q",
    "policies.mixture": "pi=some_rows pi_prime=some_rows alpha=weights",
    "policies.softmax": "theta=logits",
    "policies.to_rational": "pi=one_rows",
    "policies.to_float": "pi=some_rows",
    "sampled.Batch": "L rollouts?",
    "sampled.EmpiricalEvaluation.gain_stderr": "self=empirical pi_new=float_table",
    "sampled.EmpiricalEvaluation.surrogate": "self=empirical",
    "sampled.EmpiricalModel": "batch=paths episodes=paths? limit=horizon? explore=probability?",
    "sampled.Episodes": "batch=paths episodes=paths? limit=horizon? lam=probability? critic? "
    "n_step=optional_count? standardise=flag? weighting? grow=flag?",
    "sampled.Exact": "mdp",
    "sampled.GradientMoments.signal": "self=gradient units=paths",
    "sampled.Paths": "paths horizon? weighting? baseline=flag? lam=float_probability? "
    "standardise=flag?",
    "sampled.SelfNormalised.gain": "self=ratio pi_new=float_table",
    "sampled.SelfNormalised.gradient": "self=ratio pi_new=float_table",
    "sampled.SelfNormalised.value": "self=ratio pi_new=float_table",
    "sampled.Simulator": "mdp=floats rng",
    "sampled.Simulator.reset": "self=sim n=paths",
    "sampled.Simulator.restore": "self=sim states=two_states",
    "sampled.Simulator.save": "self=sim",
    "sampled.Simulator.step": "self=reset_sim actions=two_actions_of_0 uniforms?",
    "sampled.Stream": "env=sim n=paths limit=horizon?",
    "sampled.Stream.play": "self=stream pi=float_pi steps",
    "sampled.TransitionCounts.added": "self=counted rollouts",
    "sampled.TransitionCounts.estimate": "self=counted pi=any_states_pi",
    "sampled.Vines": "paths branches=optional_count? roots=paths? horizon? common=flag? "
    "normalised=flag?",
    "sampled.all_paths": "mdp=single pi horizon=steps",
    "sampled.comparison.Curve.at": "self=curve grid",
    "sampled.comparison.band": "curves grid",
    "sampled.comparison.records": "mdp=floats name=method seed budget=run_budget settings",
    "sampled.comparison.run": "mdp=floats name=method seed budget=run_budget settings",
    "sampled.confident": "policy_class delta=above? level=half_to_one?",
    "sampled.shrunk": "policy_class delta=above?",
    "sampled.episode_score": "mdp=single pi limit=steps",
    "sampled.estimate": "rollouts pi=any_states_pi weighting? baseline? standardise=flag?",
    "sampled.off_policy": "rollouts behaviour=float_pi pi=float_pi method=off_policy_method? "
    "weighted=flag?",
    "sampled.off_policy_moments": "mdp=single behaviour=pi pi horizon? method=off_policy_method?",
    "sampled.estimate_vine": "vine pi=float_pi",
    "sampled.expectation": "mdp=single pi horizon=steps f=path_function paths=one_or_two?",
    "sampled.gradient_moments": "mdp=single pi",
    "sampled.methods.Settings": "batch=run_budget delta? horizon?",
    "sampled.methods.Settings.paths": "self=settings mdp=floats vine=flag?",
    "sampled.path_moments": "mdp=single pi pi_new horizon? weighting? baseline=number_baseline?",
    "sampled.return_moments": "mdp=single pi horizon?",
    "sampled.self_normalised": "vine=full_vine pi=float_pi",
    "sampled.single_path": "sim pi=any_states_pi paths horizon?",
    "sampled.trpo": "mdp=floats source rng delta? theta? policy_class? until=rules",
    "sampled.vine": "sim pi=float_pi paths branches=optional_count? roots=paths? horizon? "
    "common=flag?",
    "sampled.vine_moments": "mdp=single pi pi_new horizon? common=flag?",
    "structure": "mdp=single pi?",
    "surrogate": "evaluation=ev",
    "tv": "p=row q=row",
    "vocabulary": "",
    "verify": "mdp=single pi pi_new arithmetic? bits?",
    "verify_pair": "pair theorems? bits? arithmetic?",
}

# Public names without a recipe (regular expressions), and the reason.
WITHOUT = {
    r".*Error(\.of)?|Problem|check\.Statement.*": "errors and records that people read",
    r"policies\.Normalized": "a result of policies.normalize",
    r"VocabularyEntry(\.\w+)?": "rows of tt.vocabulary(), which people read",
    r"work_limit": "is entered by `with`; tests/exact/test_work.py",
    r"check\.(main|load)": "the command of the checker; tests/test_check_hostile.py",
    r"(Interval|EnclosedPair)(\.\w+)?": "results of Pair.enclosed; tests/core/test_interval.py",
    r"Pair\.[a-zA-Z_]+": "quantities and operations of the formula language; benchmarks.semantics",
    r"families\.worst_case\.Instance\.\w+": "parts of Pair.of; tests/core/test_instance.py",
    r"Theorem\.(at|claim)|Verdicts\..*": "arguments made by the judge",
    r"from_gym|to_gym|read|write|tabular_policy": "aliases of `formats.from_gym` and so on",
    r"improve\.(gain_bounds|GainBound)": "a table and its rows; tests/improve/test_iterate.py",
    r"improve\.(iterations|(gain|gap)_at_most|Rule(\.holds)?)": "tests/improve/test_iterate.py",
    r"improve\.(Trial|(Step|Solver)Status.*|Monotone.*)": "made by a step: a trial and strings",
    r"improve\.(Multipliers|[A-Za-z]+\.(get|items|keys|values))": "a record is a mapping",
    r"Refutation|Unrefuted|sampled\.SampledRecord": "results, made by a search or a run",
    r"sampled\.(LiveEnvironment|Registered)(\.\w+)?": "need gymnasium; tests/sampled/test_live.py",
    r"sampled\.Simulator\.(play|restart)": "called and checked by Stream",
    r"sampled\.(EpisodeScore(\.\w+)?|TransitionCounts\.empty)": "a result; empty counts",
    r"sampled\.Simulator\.advance": "`step` without checks of its arguments",
    r"sampled\.methods\.(Method|going)": "rows of a table, and the function that they call",
}

# How errors name an argument other than by its name, as regular expressions: a file by its path.
NAMED_AS = {
    "path": "path|no such file|a b|a.{1,6}b|no/such/folder/x",
    "transitions": "transitions|P|r",
    "certificate": "certificate|format|field",
    "name": "name|title",
}

# Records of the package; the benchmark builds each again with one field replaced.
RECORDS: dict[str, Callable[[World], Any]] = {
    "Claim": lambda w: w.verdict.claim,
    "Evaluation": lambda w: w.ev,
    "Work": lambda w: tt.exact_work(w.exact[0]),
    "Radius": lambda w: w.ev.radius,
    "Optimum": lambda w: tt.optimal(w.mdp),
    "Structure": lambda w: tt.structure(w.mdp),
    "Surrogate": lambda w: w.L,
    "Verdict": lambda w: w.verdict,
    "Verdicts": lambda w: tt.Verdicts((w.verdict,)),
    "improve.BestMixture": lambda w: tt.improve.best_alpha(w.mdp, w.pi, w.pi_new),
    "improve.KLConstraint": lambda w: tt.improve.KLConstraint(0.1, 2.0),
    "improve.KLPenalty": lambda w: tt.improve.KLPenalty(0.1, None, 2.0),
    "improve.MeanTVConstraint": lambda w: tt.improve.MeanTVConstraint(0.1, 2.0),
    "improve.Mixture": lambda w: tt.improve.Mixture(0.5, w.pi_new),
    "improve.ParametricStep": lambda w: tt.improve.natural(w.float_L, w.theta, 0.1).multipliers,
    "improve.ReverseKLPenalty": lambda w: tt.improve.ReverseKLPenalty(2.0),
    "improve.TVConstraint": lambda w: w.tv_step.multipliers,
    "improve.TVPenalty": lambda w: w.exact[2].multipliers,
    "improve.Step": lambda w: w.step,
    "improve.Record": lambda w: w.record,
    "sampled.EmpiricalEvaluation": lambda w: w.empirical,
    "sampled.TransitionCounts": lambda w: w.counted,
    "sampled.Rollouts": lambda w: w.rollouts,
    "sampled.Vine": lambda w: w.vine,
    "sampled.GradientMoments": lambda w: tt.sampled.gradient_moments(w.mdp, w.pi),
    "sampled.Moments": lambda w: tt.sampled.return_moments(w.mdp, w.pi),
    "sampled.SelfNormalised": lambda w: w.ratio,
    "sampled.comparison.Curve": lambda w: w.curve,
    "sampled.comparison.Band": lambda w: tt.sampled.comparison.band([w.curve], w.curve.steps),
    "formats.Document": lambda w: tt.formats.from_document(w.document),
    "families.worst_case.Instance": lambda w: tt.families.worst_case.fork("1/2", "1/4", "1/4"),
}


def public(space: Any, prefix: str = "") -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield (name, callable) of each public function, class and method of a module.

    Public are the names in `__all__`, or without it those defined in the module without underscore.
    """
    listed = getattr(space, "__all__", None)
    if listed is None:
        own = space.__name__
        listed = [
            n for n, v in vars(space).items() if n[0] != "_" and getattr(v, "__module__", "") == own
        ]
    for name in listed:
        value = getattr(space, name)
        if inspect.ismodule(value):
            yield from public(value, f"{prefix}{name}.")
        elif callable(value):
            yield prefix + name, value
            if inspect.isclass(value):
                for method, function in inspect.getmembers(value, inspect.isroutine):
                    if method[0] != "_" and not hasattr(BaseException, method):
                        yield f"{prefix}{name}.{method}", function


def parameters(recipe: str) -> list[tuple[str, str, bool]]:
    """Return (name, kind, whether it is optional) of each parameter of a recipe."""
    found = []
    for word in recipe.split():
        name, _, kind = word.rstrip("?").partition("=")
        found.append((name, kind or name, word.endswith("?")))
    return found


def field_values(record: Any) -> dict[str, Any]:
    """Return the constructor arguments of a record by name."""
    assert is_dataclass(record)
    return {f.name: getattr(record, f.name) for f in fields(record) if f.init}


def typed_fields(record: Any) -> list[str]:
    """Return the names of the fields of a record whose types are checked."""
    return [f.name for f in fields(record) if f.init and f.type is not Any]
