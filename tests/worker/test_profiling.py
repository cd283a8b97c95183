"""Profiling one job on demand."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from microblog.bootstrap import Resources
from microblog.data.cache import make_client
from microblog.data.profiles import Profiles
from microblog.domain.profile_tickets import JOB, JOB_SECONDS, sign
from microblog.jobs.names import PURGE
from microblog.worker.base import Outcome, Run
from microblog.worker.profiling import run_watched

KEY = "a key of the tests to profile with"


@pytest.fixture
def keyed(resources: Resources) -> Resources:
    return replace(resources, settings=replace(resources.settings, profile_key=KEY))


@pytest.fixture
def profiles(resources: Resources) -> Profiles:
    return Profiles(resources.cache)


def do_the_work(_session: Session, _resources: Resources, _run: Run, **_arguments: Any) -> None:
    inner_part()


def inner_part() -> None:
    pass


def fail(_session: Session, _resources: Resources, _run: Run, **_arguments: Any) -> None:
    raise RuntimeError


def ask_for(profiles: Profiles, job: str, *, key: str = KEY) -> None:
    profiles.ask_for(job, sign(key, JOB, job.encode(), time.time(), JOB_SECONDS), JOB_SECONDS)


def run(resources: Resources, job_id: int, effect: Callable[..., None] = do_the_work) -> Outcome:
    return run_watched(resources, effect, name=PURGE.name, job_id=job_id)


@pytest.mark.parametrize("by_id", [True, False])
def test_the_next_run_is_kept_under_its_id_once(
    keyed: Resources, profiles: Profiles, add_job: Callable[..., int], by_id: bool
) -> None:
    first, second = add_job(), add_job()
    ask_for(profiles, str(first) if by_id else PURGE.name)

    assert (run(keyed, first), run(keyed, second)) == (Outcome.DONE, Outcome.DONE)

    assert profiles.list_ids() == [str(first)]
    profile = profiles.read(str(first))
    assert profile is not None
    assert (profile["kind"], profile["name"], profile["outcome"]) == ("job", PURGE.name, "done")
    names = {name for name, _, _ in profile["functions"]}
    assert {"run_job", "do_the_work", "inner_part"} <= names
    assert json.dumps(profile)


def test_nothing_is_profiled_unasked(
    keyed: Resources, profiles: Profiles, add_job: Callable[..., int]
) -> None:
    ask_for(profiles, "mail.mention")
    ask_for(profiles, "1")
    assert run(keyed, add_job()) is Outcome.DONE
    assert profiles.list_ids() == []


def test_off_without_a_key(resources: Resources, profiles: Profiles, add_job: Callable[..., int]) -> None:
    ask_for(profiles, PURGE.name, key="")
    assert run(resources, add_job()) is Outcome.DONE
    assert profiles.list_ids() == []
    assert profiles.take_wish(PURGE.name) is not None


@pytest.mark.parametrize(
    "text", [sign("x" * 32, JOB, PURGE.name.encode(), 1e9), "nonsense"], ids=["another key", "nonsense"]
)
def test_a_wish_that_is_not_signed_is_none(
    keyed: Resources, profiles: Profiles, add_job: Callable[..., int], text: str
) -> None:
    profiles.ask_for(PURGE.name, text, 60)
    assert run(keyed, add_job()) is Outcome.DONE
    assert profiles.list_ids() == []


def test_a_wish_is_good_once(keyed: Resources, profiles: Profiles, add_job: Callable[..., int]) -> None:
    text = sign(KEY, JOB, PURGE.name.encode(), time.time(), JOB_SECONDS)
    for _ in range(2):
        profiles.ask_for(PURGE.name, text, 60)
        assert run(keyed, add_job()) is Outcome.DONE
    assert len(profiles.list_ids()) == 1


def test_a_run_that_was_none_leaves_the_wish_for_the_next(
    keyed: Resources, profiles: Profiles, add_job: Callable[..., int]
) -> None:
    done = add_job()
    run(keyed, done)
    ask_for(profiles, PURGE.name)

    assert run(keyed, done) is Outcome.FORGOTTEN
    assert profiles.list_ids() == []
    next_id = add_job()
    run(keyed, next_id)

    assert profiles.list_ids() == [str(next_id)]


def test_a_job_that_fails_is_kept_too(
    keyed: Resources, profiles: Profiles, add_job: Callable[..., int]
) -> None:
    ask_for(profiles, PURGE.name)
    job_id = add_job()
    assert run(keyed, job_id, fail) is Outcome.RETRIED
    profile = profiles.read(str(job_id))
    assert profile is not None
    assert profile["outcome"] == "retried"


def test_without_redis_jobs_are_done(keyed: Resources, add_job: Callable[..., int], tmp_path: Any) -> None:
    away = replace(keyed, cache=make_client(f"unix://{tmp_path}/none?db=0"))
    assert run(away, add_job()) is Outcome.DONE
