"""What people note about others, for themselves."""

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from microblog.data.models import AccountNote


def save_note(session: Session, account_id: int, target_id: int, comment: str) -> None:
    """Write a note in the place of the former one."""
    statement = upsert(AccountNote).values(
        account_id=account_id, target_account_id=target_id, comment=comment
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["account_id", "target_account_id"], set_={"comment": comment}
        )
    )


def delete_note(session: Session, account_id: int, target_id: int) -> None:
    """Delete a note, if there is one."""
    session.execute(
        delete(AccountNote).where(
            AccountNote.account_id == account_id, AccountNote.target_account_id == target_id
        )
    )
