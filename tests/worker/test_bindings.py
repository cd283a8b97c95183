import inspect

import pytest

from microblog.jobs import names
from microblog.jobs.broker import celery
from microblog.jobs.names import JobType
from microblog.worker.app import bind_tasks
from microblog.worker.bindings import BINDINGS


def test_each_job_is_bound_to_a_function_of_its_own() -> None:
    assert set(BINDINGS) == set(names.ALL)
    assert len(set(BINDINGS.values())) == len(BINDINGS)


@pytest.mark.parametrize("job", names.ALL, ids=lambda job: job.name)
def test_each_function_takes_what_its_job_brings(job: JobType) -> None:
    parameters = inspect.signature(BINDINGS[job]).parameters.values()
    keywords = {one.name for one in parameters if one.kind is inspect.Parameter.KEYWORD_ONLY}
    assert keywords == job.parameters


def test_each_job_is_a_task_of_celery() -> None:
    bind_tasks()
    assert {job.name for job in names.ALL} <= set(celery.tasks)
