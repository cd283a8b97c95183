"""What the site is and what it allows, for programs."""

from microblog.api.context import ApiContext
from microblog.api.endpoints import PUBLIC, Endpoints
from microblog.api.entities.instance import Rule

endpoints = Endpoints("instance")


@endpoints.get("/api/v1/instance/rules", access=PUBLIC)
def rules(_context: ApiContext) -> list[Rule]:
    """The site's rules."""
    return []
