"""What targets cpp and cuda share: Brian2's code generation with every number lifted out as data."""
