"""The cells that are assessed: a definition or a black box, simulated for many candidates at once."""
