"""The scorecard of an assessed model: what was found, what was published, what the model costs."""
