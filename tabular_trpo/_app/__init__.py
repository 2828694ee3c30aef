"""Floor 5: the command line.

Read `cli` first: it parses the arguments, imports the module of the command that was chosen, and
runs it.  A command turns arguments into an `Answer` (`shared.output`), which holds its report as
text and as JSON; it imports `shared` and its own folder, never another command.

cli        the table of commands, --help, --version
verify     judge every theorem on pairs of policies
falsify    search for counterexamples to a user's claims
campaign   screen every theorem on millions of drawn pairs
solve      V* and the optimal actions
evaluate   the values of a policy, and a comparison with a second one
improve    a run of policy improvement, each step certified
compare    sampled TRPO beside its rivals, on equal simulator steps
show       sizes and structure of a model
check      re-check certificates with the standard library
shared     what several commands need
"""
