#!/bin/sh
# Norse writes the batch of its example into the shapes of a NIR graph: nir.write takes the graph, nir.read refuses the file.
#
# Versions   Norse 1.1.0, nirtorch 2.6, nir 1.0.8, PyTorch 2.13.0; Python 3.12.
# Expected   norse.torch.to_nir(module, data) needs the data to know shapes; modules take [batch, features], so an example of
#            that form is what one has at hand. Shapes of NIR are those of one sample: a batch is no part of the network. The
#            graph should have the shape (3), or to_nir refuse the data; what nir.write has written nir.read should read.
# Behaviour  The Input and the Output have the shapes (5, 3) and (5, 2), or (1, 3) and (1, 2), beside nodes of 3 and 2. The
#            graph is written without a word; reading it ends in a ValueError of type inference. An example without a batch
#            gives a graph that is read.
# Source     nirtorch/to_nir.py, extract_nir_graph: nir.Input(data.shape) but for the axes in ignore_dims, which
#            norse/torch/utils/export_nir.py neither gives nor takes; nir/ir/graph.py, NIRGraph, infers types when a graph is
#            made of a dict, as nir.read does, and not when it is written.
# Output     see the end of this file.
set -eu
python=${PYTHON:-python3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check \
    'torch==2.13.0' 'torchvision==0.28.0' 'norse==1.1.0' 'nir==1.0.8' 'nirtorch==2.6'
cat >"$folder/run.py" <<'PYTHON'
import pathlib
import sys

import nir
import norse.torch
import torch

zeros, ones = torch.zeros(2), torch.ones(2)
parameters = norse.torch.LIFParameters(
    tau_syn_inv=200 * ones, tau_mem_inv=100 * ones, v_leak=zeros, v_th=ones, v_reset=zeros
)
network = norse.torch.SequentialState(torch.nn.Linear(3, 2), norse.torch.LIFCell(parameters))
path = pathlib.Path(sys.argv[1]) / "network.nir"
for shape in ((3,), (1, 3), (5, 3)):
    graph = norse.torch.to_nir(network, torch.zeros(shape))
    found = [tuple(int(n) for n in graph.nodes[name].input_type["input"]) for name in ("input", "output")]
    nir.write(path, graph)
    try:
        nir.read(path)
        told = "read"
    except ValueError as error:
        told = f"ValueError: {str(error).split(':')[0]}"
    print(f"example {shape}: input {found[0]}, output {found[1]}, written, {told}")
PYTHON
cat >"$folder/expected" <<'TEXT'
example (3,): input (3,), output (2,), written, read
example (1, 3): input (1, 3), output (1, 2), written, ValueError: Type inference error
example (5, 3): input (5, 3), output (5, 2), written, ValueError: Type inference error
TEXT
"$folder/venv/bin/python" -W ignore "$folder/run.py" "$folder" >"$folder/found"
diff "$folder/expected" "$folder/found"
cat "$folder/found"
