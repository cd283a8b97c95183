"""Where time and memory go: benches of the real programs on real data. `python -m profiling --help`."""
