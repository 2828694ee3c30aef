"""Claim files that are wrong, and the first line of what is said of each."""

HEAD = "import random\nimport tabular_trpo as tt\n\n"
DEF = '@tt.claim("X")\ndef f(p):\n'
SAYS = '    return p.eta_new, ">=", p.L\n'
RAISES = 'claims.py:6: claim "X" raises '
LIST = (
    "expected a formula of p, which is run on symbols. "
    "docs/vocabulary.md lists what a formula may use"
)
COMPARE = 'Compare by returning (lhs, ">=", rhs); the smaller of two is p.smaller(x, y)'
VALUE = 'claims.py:4: claim "X" has no value on any of the 200 pairs tried first '
OTHER = 'claims.py:4: claim "X" has another formula each time it is run, expected one formula.'

# how the file is wrong: (its text after HEAD, the first line of what is said)
BAD = {
    "raises": (
        DEF + "    x = 1 / 0\n" + SAYS,
        RAISES + f"ZeroDivisionError: division by zero, {LIST}",
    ),
    "an own error": (DEF + "    raise KeyError('no')\n", RAISES + f"KeyError: 'no', {LIST}"),
    "branches": (
        DEF + "    if p.eta:\n    " + SAYS,
        'claims.py:6: claim "X" fails: a formula cannot branch on a quantity: it is one text for '
        f"every pair, {LIST}",
    ),
    "compares": (
        DEF + "    if p.eta > 0:\n    " + SAYS,
        RAISES + "TypeError: '>' not supported between instances of 'Expression' and 'int', "
        f"expected a formula of p, which is run on symbols. {COMPARE}",
    ),
    "returns a comparison": (DEF + "    return p.eta >= p.L\n", RAISES + "TypeError: '>='"),
    "returns a number": (DEF + "    return 3\n", "expected (lhs, relation, rhs) with a relation"),
    "returns nothing": (DEF + "    p.eta\n", 'claims.py:4: claim "X" fails: a formula returned'),
    "returns a relation that is none": (
        DEF + '    return p.eta_new, ">", p.L\n',
        "claims.py:4: claim \"X\" fails: a formula returned (eta_new, '>', L), "
        "expected (lhs, relation, rhs) with a relation among == <= >=.",
    ),
    "returns a table": (
        DEF + '    return p.A, "<=", p.eps\n',
        'claims.py:4: claim "X" fails: A <= eps compares many numbers, '
        "expected scalars: use max_s or sum_s.",
    ),
    "unknown quantity": (
        DEF + '    return p.etanew, ">=", p.L\n',
        RAISES + "AttributeError: 'etanew' is no quantity or function of a pair",
    ),
    "a function that is none": (
        DEF + '    return p.min_s(p.A_bar), ">=", 0\n',
        "The least of a vector is -p.max_s(-x)",
    ),
    "two statements": (
        '@tt.claim("X", when=lambda p: [(p.L, ">=", p.eta), (p.gamma, ">=", 0)])\n'
        "def f(p):\n    return p.eta_new, '>=', p.eta\n",
        "expected one (lhs, relation, rhs) with a relation among == <= >=; two are joined as",
    ),
    "a near name": (DEF + '    return p.etanew, ">=", p.L\n', 'Did you mean "eta_new"?'),
    "no argument": (
        '@tt.claim("X")\ndef f():\n    return 1, ">=", 0\n',
        'claims.py:4: claim "X" fails: f() takes 0 positional arguments but 1 was given, ' + LIST,
    ),
    "not a number": (DEF + '    return p.eta, ">=", float("nan")\n', "a formula contains nan"),
    "a real power": (DEF + '    return p.eta, ">=", p.L ** 0.5\n', "exponent = 0.5, expected an"),
    "random": (DEF + '    return p.eta, ">=", p.L - random.random()\n', OTHER),
    "random branch": (
        DEF + '    return p.eta, ">=", p.L - random.getrandbits(1) * p.eps\n',
        OTHER,
    ),
    "counts its calls": (
        "K = []\n" + DEF + '    K.append(1)\n    return p.eta, ">=", p.L - len(K)\n',
        OTHER.replace(":4", ":5"),
    ),
    "random when": (
        '@tt.claim("X", when=lambda p: (p.gamma, "<=", random.random()))\ndef f(p):\n' + SAYS,
        OTHER,
    ),
    "random file": (
        "K = random.random()\n" + DEF + '    return p.eta, ">=", p.L - K\n',
        "claims.py states other claims when it is run again, expected the same ones.",
    ),
    "divides by 0": (DEF + '    return p.eta, ">=", p.L - p.eps / 0\n', VALUE + "(division by 0)"),
    "divides by what is 0": (
        DEF + '    return p.eta, ">=", p.L - p.eps / (p.gamma - p.gamma)\n',
        VALUE + "(division by 0), expected a value on some pair. Look for a divisor that is 0, "
        "a root of a negative number, infinity - infinity",
    ),
    "a negative root": (
        DEF + '    return p.eta, ">=", p.sqrt(-1 - p.eps)\n',
        VALUE + "(sqrt of a negative number)",
    ),
    "when divides by 0": (
        '@tt.claim("X", when=lambda p: (p.eps / 0, ">=", 0))\ndef f(p):\n' + SAYS,
        VALUE,
    ),
    "when compares": (
        '@tt.claim("X", when=lambda p: p.gamma > 0)\ndef f(p):\n' + SAYS,
        'claims.py:4: claim "X" raises TypeError',
    ),
    "too deep": (
        DEF + '    return sum([p.eta] * 5000), ">=", 0\n',
        'claim "X" raises RecursionErr',
    ),
    "a title of the table": (
        '@tt.claim("trpo_bound")\ndef f(p):\n' + SAYS,
        'claims.py:4: claim "trpo_bound" is named like a theorem of the table, expected that',
    ),
    "no title": (
        '@tt.claim("")\ndef f(p):\n' + SAYS,
        "claims.py:4 fails: title = '', expected a te",
    ),
    "a title of two lines": (
        '@tt.claim("a\\nb")\ndef f(p):\n' + SAYS,
        'claims.py:4: claim "a\\nb" has a title that does not fit on a line, expected a name of',
    ),
    "no call": ("@tt.claim\ndef f(p):\n" + SAYS, "claims.py:4 fails: title = <function f at "),
    "center": (
        '@tt.claim("X", center="l")\ndef f(p):\n' + SAYS,
        "claims.py:4 fails: center = 'l', expected None or a number of a pair",
    ),
    "defined twice": (
        DEF + SAYS + '@tt.claim("Y")\ndef f(p):\n' + SAYS,
        "claims.py:8 defines f again, and the claim of line 5 is lost, expected each name once. "
        "Give one of the functions another name",
    ),
    "no claims": ("", 'claims.py states no claim, expected a function under @tt.claim("title")'),
    "no decorator": ("def f(p):\n" + SAYS, "states no claim, expected a function under @tt.claim("),
    "no decorator, cure": ("def f(p):\n" + SAYS, "Put @tt.claim(...) above f"),
    "syntax": ("def f(p)\n" + SAYS, "claims.py:4 is no Python (expected ':'): def f(p), expected"),
    "indentation": ("def f(p):\nreturn 1\n", "claims.py:5 is no Python (expected an indented"),
    "null byte": ("x = 1\0\n", "is no Python (source code string cannot contain null bytes)"),
    "coding": ("", "is no Python (unknown encoding: foo), expected Python source"),
    "import": (
        "import no_such_module_here\n",
        "claims.py:4 fails: No module named 'no_such_module_here', expected modules that are "
        "installed. Python looks in the folders of PYTHONPATH, and not beside this file",
    ),
    "import of a name": (
        "from tabular_trpo import clam\n",
        "claims.py:4 raises ImportError: cannot import name",
    ),
    "exit": (
        "raise SystemExit(0)\n",
        "claims.py:4 ends the program by SystemExit(0), expected a file that runs to its end",
    ),
    "exit in a formula": (
        "import sys\n" + DEF + "    sys.exit()\n",
        'claims.py:7: claim "X" ends the program by SystemExit(None)',
    ),
    "prints without end": (
        "while True:\n    print('x' * 1000)\n",
        "claims.py:5 prints without end, expected at most 65536 bytes. Leave the prints out",
    ),
    "prints without end, stubborn": (
        "while True:\n    try:\n        print('x' * 1000)\n    except Exception:\n        pass\n",
        "claims.py:6 prints without end",
    ),
    "a bad model": (
        'tt.MDP([[["1"]]], [["0"]], ["1"], "2")\n',
        "claims.py:4 fails: gamma = 2, expected a number",
    ),
    "no memory": (
        "x = [0] * 10**15\n",
        "claims.py:4 raises MemoryError, expected a file that runs",
    ),
    "endless recursion": ("def g(): g()\ng()\n", "raises RecursionError"),
    "a bare exception": (
        "class E(BaseException): pass\nraise E\n",
        "claims.py:5 raises E, expected",
    ),
}
