"""The verbs of the fabfile, a module for each noun."""
