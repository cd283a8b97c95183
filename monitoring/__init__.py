"""What watches the hosts: rules, alerts and dashboards, written here and put onto monitoring hosts."""
