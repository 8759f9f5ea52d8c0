"""NeuroML 2: networks of point neurons, read as Brian2 networks, and written."""
