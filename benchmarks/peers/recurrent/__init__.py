"""The same with recurrence: 700-1024-20, whose hidden layer reaches itself, 1,000 steps."""
