"""What a handler of the API gets: the open unit of work, who is asking, and the process's resources."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from microblog.api.urls import Urls
from microblog.bootstrap import Resources
from microblog.services.tokens import Bearer


@dataclass(frozen=True, slots=True)
class ApiContext:
    """One request's surroundings. `bearer`: whose token was sent; `viewer_id`: for whom the answer is."""

    session: Session
    resources: Resources
    bearer: Bearer | None
    viewer_id: int | None

    @property
    def person(self) -> Bearer:
        """The bearer, at endpoints that only people may call."""
        if self.bearer is None:
            raise RuntimeError("this endpoint is for everybody")
        return self.bearer

    @property
    def account_id(self) -> int:
        """The person's account, at endpoints that only people may call."""
        if self.viewer_id is None:
            raise RuntimeError("this endpoint is for everybody")
        return self.viewer_id

    @property
    def urls(self) -> Urls:
        """Makes site-relative addresses absolute."""
        return Urls(self.resources.settings.base_url)
