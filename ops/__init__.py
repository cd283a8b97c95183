"""What operates Microblog: playbooks and roles, the lab, and the verbs of the fabfile."""
