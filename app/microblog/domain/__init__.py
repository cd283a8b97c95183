"""Floor 2: pure values and rules, no input or output."""
