"""NIR, the neuromorphic intermediate representation: graphs of nodes read as Brian2 networks, and written."""
