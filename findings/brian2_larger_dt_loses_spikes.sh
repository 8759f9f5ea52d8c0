#!/bin/sh
# Brian2 loses spikes that are on their way when the time step is made larger between two runs.
#
# Versions   Brian2 2.9.0 (Python 3.11), 2.10.1 (3.12), 2.11.0 (3.13); target numpy, no compiler needed.
# Expected   Two spikes in successive steps of 0.1 ms, both 2 ms from their targets, arrive whatever dt is afterwards: the
#            documentation allows dt to change between runs, and with an equal or a smaller dt both do arrive.
# Behaviour  With a larger dt two slots of the queue fall onto one; the later one replaces the earlier one instead of being
#            added to it, so the earlier spike never arrives. Nothing is said.
# Source     brian2/synapses/spikequeue.h (cspikequeue.cpp in 2.9.0), CSpikeQueue::prepare, the branch for another dt: it
#            assigns the list of each old slot to the slot (int)(i * old_dt / new_dt + 0.5). C++ standalone has the same file.
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
from brian2 import Clock, Network, NeuronGroup, SpikeGeneratorGroup, Synapses, ms, prefs

prefs.codegen.target = "numpy"


def arrived(second_dt):
    clock = Clock(dt=0.1 * ms)
    source = SpikeGeneratorGroup(2, [0, 1], [0.1, 0.2] * ms, clock=clock)
    target = NeuronGroup(2, "received : integer", clock=clock)
    synapses = Synapses(source, target, on_pre="received_post += 1", delay=2 * ms, clock=clock)
    synapses.connect(j="i")
    network = Network(source, target, synapses)
    network.run(1 * ms)
    clock.dt = second_dt
    network.run(4 * ms)
    return [int(count) for count in target.received[:]]


for dt in (0.1, 0.05, 0.2, 0.5):
    print(f"arrived with dt = {dt:g} ms: {arrived(dt * ms)}")
PYTHON
cat >"$folder/expected" <<'TEXT'
arrived with dt = 0.1 ms: [1, 1]
arrived with dt = 0.05 ms: [1, 1]
arrived with dt = 0.2 ms: [0, 1]
arrived with dt = 0.5 ms: [0, 1]
TEXT
"$folder/venv/bin/python" "$folder/run.py" >"$folder/found"
diff "$folder/expected" "$folder/found"
cat "$folder/found"
