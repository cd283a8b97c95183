"""People for `python -m profiling load`: what each kind does on the site, played by Locust."""
