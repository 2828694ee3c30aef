"""The command line, the top layer of the package (floor 5).

Read `cli` first: it parses the arguments, imports the module of the chosen command and runs it.
A command turns arguments into an `Answer` (`shared.output`), which holds the report as text and as
JSON.  It imports `shared` and its own folder, never another command.

cli        the table of commands, --help, --version
verify     judge every theorem on pairs of policies
falsify    search for counterexamples to a user's claims
campaign   screen every theorem on millions of random pairs
solve      V* and the optimal actions
evaluate   the values of a policy, and its comparison with a second policy
improve    a run of policy improvement with a certificate for each step
compare    sampled TRPO and other methods on equal numbers of simulator steps
show       sizes and structure of a model
check      re-check certificates with the standard library
shared     modules that several commands use
"""
