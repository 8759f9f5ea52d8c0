"""What a network does in a time step, as plain data that knows neither Brian2 nor any target."""
