#!/bin/sh
# Brian2's seed does not fix a model with two white noises: another process may give each of them the other's numbers.
#
# Versions   Brian2 2.9.0 (Python 3.11), 2.10.1 (3.12), 2.11.0 (3.13); target numpy, no compiler needed.
# Expected   seed(1) before the same run gives the same numbers whenever the script is started: the documentation says
#            that seeding makes the random numbers of a run reproducible.
# Behaviour  With xi_a and xi_b in one group there are two results, by chance of the process; with one noise for both there is one.
# Source     brian2/equations/equations.py, Equations.stochastic_variables is a set of strings, and
#            brian2/stateupdaters/explicit.py draws `dt**.5 * randn()` for each in the order of that set, which Python
#            chooses anew in each process (PYTHONHASHSEED). C++ standalone has the same text.
# Output     see the end of this file.
set -eu
python=${PYTHON:-python3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check \
    'brian2==2.9.0; python_version < "3.12"' 'numpy<2.4; python_version < "3.12"' \
    'brian2==2.10.1; python_version == "3.12"' 'brian2==2.11.0; python_version >= "3.13"'
cat >"$folder/run.py" <<'PYTHON'
import sys

from brian2 import NeuronGroup, ms, prefs, run, seed

prefs.codegen.target = "numpy"
first, second = sys.argv[1:]
walks = NeuronGroup(1, f"da/dt = {first}/ms**.5 : 1\ndb/dt = 2*{second}/ms**.5 : 1", method="euler", dt=1 * ms)
seed(1)
run(3 * ms)
print(f"a = {walks.a[0]:.6f}, b = {walks.b[0]:.6f}")
PYTHON
results() {
    for hash in 0 1 2 3 4 5 6 7; do
        PYTHONHASHSEED=$hash "$folder/venv/bin/python" "$folder/run.py" "$@" 2>"$folder/warnings"
    done | sort -u | wc -l | tr -d ' '
}
{
    echo "one noise for both, eight processes: $(results xi_a xi_a) result"
    echo "a noise for each, eight processes: $(results xi_a xi_b) results"
} >"$folder/found"
cat >"$folder/expected" <<'TEXT'
one noise for both, eight processes: 1 result
a noise for each, eight processes: 2 results
TEXT
diff "$folder/expected" "$folder/found"
cat "$folder/found"
