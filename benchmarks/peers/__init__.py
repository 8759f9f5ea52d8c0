"""The same network trained by bioplast and by its peers: same weights, data and machine, one run.

    pip install 'bioplast[peers]' && pip install --no-deps sparxml==0.1.1 dewml==0.1.0
    python -m benchmarks.peers [--only base] [--rounds 9] [--out data/peers]

Each library has a process of its own. Each first shows on samples that rounding cannot change that its output spikes
and its gradients are those of `reference`; a library that computes something else ends the run. Then all take turns:
a forward pass, a training step, the next library. Table and figure are written after every task.
"""
