"""`python -m profiling.granians …`: granian's command, with the application loaded before it forks.

Its own command loads it in each worker, which then share no memory. From Python 3.14 on granian doesn't fork.
"""

import importlib
import runpy

if __name__ == "__main__":
    importlib.import_module("profiling.loading")
    runpy.run_module("granian", run_name="__main__", alter_sys=True)
