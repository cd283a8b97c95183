"""Floor 1: logs and metrics, used by every floor above."""
