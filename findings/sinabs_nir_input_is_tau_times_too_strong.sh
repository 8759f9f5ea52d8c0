#!/bin/sh
# sinabs reads a NIR file's LIF neuron with its input about tau times too strong, so its own default LIF does not come back.
#
# Versions   sinabs 3.1.3, nir 1.0.4, nirtorch 2.0.2, torch 2.13.0; Python 3.12.
# Expected   NIR defines LIF by tau*dv/dt = v_leak - v + r*I, so with r = 1 a constant input of 0.5 settles at 0.5 and never
#            reaches a threshold of 1. sinabs has this neuron, LIF(norm_input=True), which is its default: written to a graph
#            and read again it should give the same spikes.
# Behaviour  to_nir writes r = 1 for norm_input=True, which is right, and also for norm_input=False, where the input of a
#            step counts in full and r would be about tau. from_nir looks at neither and always makes norm_input=False. So a
#            file of any other tool is read with its input tau (in steps) times too strong, here with spikes where there are
#            none, and without a word.
# Source     sinabs/nir.py, _import_sinabs_module and _extract_sinabs_module ("TODO check for norm_input").
# Output     see the end of this file.
set -eu
python=${PYTHON:-python3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check \
    torch==2.13.0 sinabs==3.1.3 nir==1.0.4 nirtorch==2.0.2
cat >"$folder/run.py" <<'PYTHON'
import warnings

warnings.filterwarnings("ignore")

import nir
import numpy as np
import sinabs.layers
import torch
from sinabs.nir import from_nir, to_nir


def spikes(network, current, shape=(200, 1)):  # what was read takes batch and time as one axis
    found = network(torch.full(shape, current))
    return int((found[0] if isinstance(found, tuple) else found).sum())


lif = nir.LIF(tau=np.array([20.0]), r=np.array([1.0]), v_leak=np.array([0.0]), v_threshold=np.array([1.0]))
nodes = {"input": nir.Input(np.array([1])), "lif": lif, "output": nir.Output(np.array([1]))}
graph = nir.NIRGraph(nodes, [("input", "lif"), ("lif", "output")])
print("read, input 0.5:", spikes(from_nir(graph, batch_size=1), 0.5), "spikes; by the definition 0")
for normed in (True, False):
    network = torch.nn.Sequential(sinabs.layers.LIF(tau_mem=20.0, norm_input=normed))
    written = to_nir(network, torch.zeros(1, 1, 1))
    r = float(np.asarray(next(node.r for node in written.nodes.values() if isinstance(node, nir.LIF))))
    back = from_nir(written, batch_size=1)
    print(f"norm_input={normed}: r = {r:g} in the graph;", spikes(network, 1.5, (1, 200, 1)), "spikes,", spikes(back, 1.5), "after reading")
PYTHON
cat >"$folder/expected" <<'TEXT'
read, input 0.5: 95 spikes; by the definition 0
norm_input=True: r = 1 in the graph; 9 spikes, 295 after reading
norm_input=False: r = 1 in the graph; 295 spikes, 295 after reading
TEXT
"$folder/venv/bin/python" "$folder/run.py" >"$folder/found"
diff "$folder/expected" "$folder/found"
cat "$folder/found"
