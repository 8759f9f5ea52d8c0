"""Target native: the steps of a network as one C++ function, through which each thread takes one sample at a time."""
