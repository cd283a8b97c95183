"""Which function does the work of which job: each name exactly once."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from microblog.jobs import names
from microblog.jobs.names import JobType
from microblog.worker import housekeeping, mail, media, statistics, statuses
from microblog.worker.base import Effect

BINDINGS: Final[Mapping[JobType, Effect]] = MappingProxyType(
    {
        names.FAN_OUT: statuses.fan_out,
        names.MENTION_MAIL: mail.mention,
        names.FOLLOW_MAIL: mail.follow,
        names.CONFIRMATION_MAIL: mail.confirmation,
        names.ADDRESS_CHANGE_MAIL: mail.address_change,
        names.PASSWORD_CHANGED_MAIL: mail.password_changed,
        names.RESET_MAIL: mail.reset_password,
        names.PROCESS_AVATAR: media.process_avatar,
        names.CONCEAL_AVATAR: media.conceal_avatar,
        names.PROCESS_HEADER: media.process_header,
        names.CONCEAL_HEADER: media.conceal_header,
        names.DELETE_FILES: media.delete_files,
        names.REPAIR_MEDIA: media.repair,
        names.DAILY_STATISTICS: statistics.daily,
        names.PURGE: housekeeping.purge,
    }
)
