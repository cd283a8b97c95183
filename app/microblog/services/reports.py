"""Reports to the moderators."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from microblog.data.queries import reports as queries
from microblog.data.queries.accounts import AccountRow
from microblog.domain.errors import N_, Message, ValidationError
from microblog.domain.ids import MAX_ID
from microblog.domain.limits import REPORT_CHARACTERS, REPORT_STATUSES
from microblog.domain.text import clean_text
from microblog.services.accounts import get_public_account

OTHER: Final = "other"
VIOLATION: Final = "violation"
CATEGORIES: Final = ("spam", "legal", VIOLATION, OTHER)


@dataclass(frozen=True, slots=True)
class Reported:
    """A report as its writer sees it. `target`: the account that it is about."""

    id: int
    category: str
    comment: str
    status_ids: tuple[int, ...]
    rule_ids: tuple[int, ...]
    created_at: datetime
    resolved_at: datetime | None
    target: AccountRow


def report_account(
    session: Session,
    *,
    account_id: int,
    target_id: int,
    category: str = OTHER,
    comment: str = "",
    status_ids: Sequence[int] = (),
    rule_ids: Sequence[int] = (),
) -> Reported:
    """Tell the moderators of somebody, perhaps with posts of theirs or the rules that they break.

    Ids of posts that are gone, of somebody else, or not for the reporter to read, are left out. Rules are
    kept for violations only. Raises NotFound, ValidationError by field and for oneself.
    """
    comment = clean_text(comment)
    _check(account_id, target_id, category, comment, status_ids, rule_ids)
    target = get_public_account(session, account_id=target_id)
    known = [one for one in dict.fromkeys(status_ids) if 0 < one <= MAX_ID]
    row = queries.insert_report(
        session,
        account_id=account_id,
        target_account_id=target_id,
        category=category,
        comment=comment,
        status_ids=queries.find_statuses(session, known, author_id=target_id, reader_id=account_id)
        if known
        else [],
        rule_ids=list(dict.fromkeys(rule_ids)) if category == VIOLATION else [],
    )
    return Reported(
        id=row.id,
        category=row.category,
        comment=row.comment,
        status_ids=tuple(row.status_ids),
        rule_ids=tuple(row.rule_ids),
        created_at=row.created_at,
        resolved_at=row.resolved_at,
        target=target,
    )


def _check(
    account_id: int,
    target_id: int,
    category: str,
    comment: str,
    status_ids: Sequence[int],
    rule_ids: Sequence[int],
) -> None:
    errors: dict[str, Message] = {}
    if account_id == target_id:
        errors["account"] = Message(N_("You can't report yourself."))
    if category not in CATEGORIES:
        errors["category"] = Message(N_("Use one of %(values)s."), {"values": ", ".join(CATEGORIES)})
    if len(comment) > REPORT_CHARACTERS:
        errors["comment"] = Message(N_("Use at most %(count)s characters."), {"count": REPORT_CHARACTERS})
    for field, ids in (("status_ids", status_ids), ("rule_ids", rule_ids)):
        if len(ids) > REPORT_STATUSES:
            errors[field] = Message(N_("Name at most %(count)s."), {"count": REPORT_STATUSES})
    if not all(0 <= one <= MAX_ID for one in rule_ids):
        errors["rule_ids"] = Message(N_("This is no id."))
    if errors:
        raise ValidationError(errors)
