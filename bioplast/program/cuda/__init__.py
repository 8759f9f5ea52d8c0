"""Target cuda: a CUDA program by brian2cuda, which reads every number as data."""
