"""The lab: whole Debian hosts on one Linux machine, to rehearse on. Needs root.

Hosts are systemd-nspawn containers with systemd as process 1, real SSH and addresses of their own on a
bridge, so playbooks need no special case. Root in such a host is real root: a lab, not a sandbox.
"""
