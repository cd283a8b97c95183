"""The limits of log-ins, sign-ups and mails to an address that somebody else may have typed."""

from microblog.domain.errors import RateLimited
from microblog.domain.text import clean_line
from microblog.http.context import get_limiter
from microblog.http.ratelimit import client_subject

# Subjects (such as `address="192.0.2.1"`) by the limit that counts them.
Limits = dict[str, dict[str, str]]


def check_limits(limits: Limits) -> None:
    """Raise RateLimited where one is used up; nothing is counted."""
    for name, subjects in limits.items():
        get_limiter().check(name, **subjects)


def use_limits(limits: Limits) -> None:
    """Count one use of each. Raises RateLimited where one is used up."""
    for name, subjects in limits.items():
        get_limiter().use(name, **subjects)


def limit_log_in(identifier: str) -> Limits:
    """Raise RateLimited where there were too many tries; the limits that a refusal counts for.

    Tightly by name and address together, loosely by name alone: who has the password is kept out only by
    guesses from many addresses. By address all tries count, since each costs a hash.
    """
    address = client_subject()
    get_limiter().use("log_in_total", address=address)
    # A name and an address of one account count apart: one count would tell that they belong together.
    limits = {"log_in": {"pair": f"{address} {identifier}"}, "log_in_total": {"identifier": identifier}}
    check_limits(limits)
    return limits


def sign_up_limits(email: str) -> Limits:
    """The limits that an account made counts for."""
    by_email, by_pair = _confirmation_subjects(email)
    return {"sign_up": {"address": client_subject(), **by_email}, "reset": by_pair}


def limit_confirmation(account_id: int, email: str) -> None:
    """Count a confirmation mail that an account asks for. Raises RateLimited."""
    by_email, by_pair = _confirmation_subjects(email)
    use_limits({"reset": {"account": str(account_id), **by_pair}, "sign_up": by_email})


def _confirmation_subjects(email: str) -> tuple[dict[str, str], dict[str, str]]:
    # Whoever owns the address never asked: all mails to it are counted together, loosely by itself, so that
    # nobody alone keeps the owner from signing up.
    email = clean_line(email).lower()
    return {"email": email}, {"confirmation": f"{client_subject()} {email}"}


def may_mail_reset(email: str) -> bool:
    """Count a reset link asked for; whether it is to be mailed. Raises RateLimited for the client's address.

    Nobody is refused for what others asked: where an address had its mails, the link mailed last stays good.
    """
    get_limiter().use("reset", address=client_subject())
    try:
        get_limiter().use("reset", email=email.lower())
    except RateLimited:
        return False
    return True
