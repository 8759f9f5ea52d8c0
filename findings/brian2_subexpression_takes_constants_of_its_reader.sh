#!/bin/sh
# In Brian2 a subexpression of a neuron takes the constants of whoever reads it: synapses, a linked variable and a SpikeMonitor
# see three values of it, none of which need be the neuron's own.
#
# Versions   Brian2 2.9.0 (Python 3.11), 2.10.1 (3.12), 2.11.0 (3.13); target numpy, no compiler needed.
# Expected   The namespace of a group is documented as "only used for names in the context of the respective group": G.x,
#            x_pre in synapses of G, a variable linked to x, and x recorded with the spikes of G are one value.
# Behaviour  A subexpression is put in the place of its name as text, and its constants are looked up where it then stands:
#            in the namespace of the Synapses, of the group with the linked variable, and, for a SpikeMonitor, among the names
#            of the run alone. A StateMonitor has the neuron's own. Where one of these lacks the name there is a KeyError;
#            where it has another value for it, nothing is said.
# Source     brian2/core/variables.py, Variables.add_referred_subexpression: external names stay as they are;
#            github.com/brian-team/brian2/issues/1007 has the KeyError, and that this should be told more clearly.
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
from brian2 import BrianLogger, Network, NeuronGroup, SpikeMonitor, StateMonitor, Synapses, linked_var, ms, prefs

prefs.codegen.target = "numpy"
BrianLogger.log_level_error()

cells = NeuronGroup(
    1, "x = gain*v : 1\nv : 1", threshold="v > 0", reset="", dt=1 * ms, namespace={"gain": 2.0}, name="cells"
)
cells.v = 1
others = NeuronGroup(1, "linked_x : 1 (linked)\nseen = linked_x : 1\ny : 1", dt=1 * ms, namespace={"gain": 30.0})
others.linked_x = linked_var(cells, "x")
synapses = Synapses(cells, others, on_pre="y_post = x_pre", namespace={"gain": 400.0})
synapses.connect()
spikes = SpikeMonitor(cells, variables="x")
own = StateMonitor(cells, "x", record=True, dt=1 * ms)
linked = StateMonitor(others, "seen", record=True, dt=1 * ms)
Network(cells, others, synapses, spikes, own, linked).run(1 * ms, namespace={"gain": 5000.0})
print(f"StateMonitor of the neurons  {own.x[0, 0]:g}")
print(f"synapses                     {others.y[0]:g}")
print(f"linked variable              {linked.seen[0, 0]:g}")
print(f"SpikeMonitor of the neurons  {spikes.x[0]:g}")
PYTHON
cat >"$folder/expected" <<'TEXT'
StateMonitor of the neurons  2
synapses                     400
linked variable              30
SpikeMonitor of the neurons  5000
TEXT
"$folder/venv/bin/python" "$folder/run.py" >"$folder/found"
diff "$folder/expected" "$folder/found"
cat "$folder/found"
