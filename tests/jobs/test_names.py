from microblog.jobs import names


def test_each_job_is_listed_once_under_a_name_of_its_own() -> None:
    declared = {value for value in vars(names).values() if isinstance(value, names.JobType)}
    assert declared == set(names.ALL)
    assert len({job.name for job in names.ALL}) == len(names.ALL)


def test_each_queue_has_jobs_and_each_job_a_queue() -> None:
    assert {job.queue for job in names.ALL} == set(names.QUEUES)
