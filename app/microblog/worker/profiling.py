"""Profiles one job on demand, which `microblog jobs profile` asks for by the job's name or id."""

import time

import structlog

from microblog.bootstrap import Resources
from microblog.data.profiles import Profiles, describe_run
from microblog.domain import profile_tickets
from microblog.domain.profile_tickets import JOB
from microblog.observability.profiler import TURN, Recorder
from microblog.worker.base import Effect, Outcome, run_job

log = structlog.get_logger(__name__)


def run_watched(resources: Resources, effect: Effect, *, name: str, job_id: int) -> Outcome:
    """Run a job as `run_job` does; profile it where that is asked for and MICROBLOG_PROFILE_KEY is set."""
    key = resources.settings.profile_key
    profiles = Profiles(resources.cache)
    wish = profiles.take_wish(str(job_id), name) if key else None
    if wish is None:
        return run_job(resources, effect, job_id=job_id)
    wanted, text = wish
    ticket = profile_tickets.read(key, text, JOB, wanted.encode(), time.time())
    if ticket is None or not profiles.spend(ticket.nonce, ticket.seconds):
        log.warning("profile.bad_wish")
        return run_job(resources, effect, job_id=job_id)
    outcome = _profile(resources, profiles, effect, name, job_id)
    if outcome is Outcome.FORGOTTEN:
        # Done before, or in other hands: the next run is the one that was meant.
        again = profile_tickets.sign(key, JOB, wanted.encode(), time.time(), ticket.seconds)
        profiles.ask_again(wanted, again, ticket.seconds)
    return outcome


def _profile(resources: Resources, profiles: Profiles, effect: Effect, name: str, job_id: int) -> Outcome:
    recorder = Recorder()
    # A process runs one job at a time.
    with TURN:
        recorder.start()
        try:
            outcome = run_job(resources, effect, job_id=job_id)
        finally:
            profile = recorder.stop()
    if outcome is not Outcome.FORGOTTEN:
        run = describe_run(resources.settings, run_id=str(job_id), kind="job", name=name, outcome=outcome)
        is_kept = profiles.keep(str(job_id), run | profile.as_fields())
        log.info("profile.kept" if is_kept else "profile.lost", functions=len(profile.functions))
    return outcome
