"""Every page of the site, as visitors and members meet it."""

from dataclasses import dataclass
from urllib.parse import quote

from microblog.domain.scopes import WORDS
from tests.browser.content import CALLBACK, LONGEST_NAME

QUESTION = "response_type=code&client_id={client_id}&redirect_uri=" + quote(CALLBACK, safe="")


@dataclass(frozen=True)
class Target:
    """A page: its endpoint, its address (with names of `Content`), who looks, and the status."""

    endpoint: str
    path: str
    viewer: str = ""
    status: int = 200

    def __str__(self) -> str:
        return f"{self.viewer or 'visitor'}:{self.path}"


VISITOR = [
    Target("public.front", "/"),
    Target("public.explore", "/explore"),
    Target("public.statistics", "/statistics"),
    Target("public.about", "/about"),
    Target("public.terms", "/terms"),
    Target("public.privacy", "/privacy"),
    Target("accounts.profile", "/@member"),
    Target("accounts.profile", f"/@{LONGEST_NAME}"),
    Target("accounts.followers", "/@member/followers"),
    Target("accounts.following", "/@member/following"),
    Target("statuses.show", "/@reader/{post}"),
    Target("statuses.show", f"/@{LONGEST_NAME}/{{hard_post}}"),
    Target("tags.show", "/tags/gardens"),
    Target("tags.show", "/tags/" + "g" * 100),
    Target("auth.sign_up", "/sign-up"),
    Target("auth.check_mail", "/sign-up/check-mail"),
    Target("auth.log_in", "/log-in"),
    Target("auth.forgot", "/reset-password"),
    Target("auth.reset", "/reset-password/new?token={reset_token}"),
    Target("auth.reset", "/reset-password/new?token=spent"),
    Target("auth.confirm", "/confirm-email?token={confirm_token}"),
    Target("auth.confirm", "/confirm-email?token=spent"),
    Target("mail.unsubscribe", "/unsubscribe?token={unsubscribe_token}"),
    Target("mail.unsubscribe", "/unsubscribe?token=wrong"),
    Target("", "/nowhere", status=404),
    Target("", "/log-out", status=405),
]
MEMBER = [
    Target("timelines.home", "/home", "member"),
    Target("timelines.home", "/home", "newcomer"),
    Target("timelines.home", "/home", "unconfirmed"),
    Target("notifications.index", "/notifications", "member"),
    Target("notifications.index", "/notifications", "newcomer"),
    Target("statuses.write", "/write", "member"),
    Target("statuses.write", "/write?in_reply_to={hard_post}", "member"),
    Target("statuses.show", "/@reader/{post}", "member"),
    Target("statuses.delete", "/@member/{own_post}/delete", "member"),
    Target("public.explore", "/explore", "member"),
    Target("accounts.profile", "/@member", "member"),
    Target("accounts.profile", "/@reader", "member"),
    Target("accounts.profile", "/@newcomer", "newcomer"),
    Target("accounts.followers", "/@newcomer/followers", "newcomer"),
    Target("tags.show", "/tags/unheard_of", "newcomer"),
    Target("settings.index", "/settings", "member"),
    Target("settings.profile", "/settings/profile", "member"),
    Target("settings.account", "/settings/account", "member"),
    Target("settings.preferences", "/settings/preferences", "member"),
    Target("settings.sessions", "/settings/sessions", "member"),
    Target("applications.authorized", "/settings/authorized", "member"),
    Target("applications.authorized", "/settings/authorized", "newcomer"),
    Target("applications.index", "/settings/applications", "member"),
    Target("oauth.ask", f"/oauth/authorize?{QUESTION}&scope=read%20write:media", "member"),
    Target("oauth.ask", f"/oauth/authorize?{QUESTION}&scope={'%20'.join(WORDS)}", "member"),
    Target("oauth.ask", "/oauth/authorize?client_id=unknown", "member", 400),
    Target("", "/@nobody", "member", 404),
]
