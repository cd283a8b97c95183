"""The declarative base and the column types that all models share."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, TypeAlias

from sqlalchemy import BigInteger, DateTime, MetaData, Row, Select, Text, text
from sqlalchemy.orm import DeclarativeBase, mapped_column

# Names by rule, so that migrations can address every constraint.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The base of all models; its metadata is what migrations are compared with."""

    metadata = MetaData(naming_convention=NAMING)
    # Lengths are checked by named constraints, which a migration can change without rewriting the table.
    type_annotation_map: ClassVar[dict[Any, Any]] = {str: Text}


# A time-ordered id, made by the database (domain/ids.py has its layout).
Id = Annotated[int, mapped_column(BigInteger, primary_key=True, server_default=text("microblog_id()"))]
# A moment in UTC, timezone-aware.
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]
CreatedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=text("now()"))]

# A row or statement whose columns are known by name only.
AnyRow: TypeAlias = Row[*tuple[Any, ...]]
AnySelect: TypeAlias = Select[*tuple[Any, ...]]
