"""What a host knows of the site on it, for Prometheus: a service that the role node_exporter runs.

Python's own library only.
"""
