"""The gate: whether a canary may go on, by its figures beside those of the other web hosts.

    python -m ops.gates --release R --at-least 200 < FIGURES

FIGURES is JSON, {"web1": …, "others": {"web2": …}}: the canary's and the others' of the same time, as
ops/verbs/remote/requests.py prints them; the other of a single web host is itself before the cut. Prints a
screen; the exit code is 1 where the gate stops the canary.
"""

import argparse
import json
import math
import statistics
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: More errors than the others by a share of the requests: a hundredth fails a deploy, whatever the cause.
ERRORS_SHARE = 0.01
#: One request or two may fail for reasons of their own.
ERRORS_AT_LEAST = 3
#: Equal shares of errors lie apart by more standard deviations than these 1 time in 1,000.
DEVIATIONS, CHANCE_ERRORS = 3, 2
#: Half way between equal and twice as slow: on two busy cores, equal ones were measured up to 1.25 times
#: slower by both the median and the lower quartile, and those twice as slow at least 1.7 times.
SLOWER = 1.45
#: Of pages of a millisecond or two, half as much again is noise of the machine, and nobody's loss.
SLOWER_MILLISECONDS = 1.0
#: A median of fewer requests tells little.
COMPARED_REQUESTS = 8

Figures = Mapping[str, Any]


class GateRefused(Exception):
    """What was given can't be judged; the message is what is wrong."""


@dataclass(frozen=True)
class Comparison:
    """How long requests of the same routes in the same mix take, in milliseconds."""

    canary: float
    others: float
    #: By how much the faster ones differ: a neighbour's burst of work slows some down, a slow release all.
    quartiles: float
    #: The route that makes the most of the difference, and its two medians.
    worst: tuple[str, float, float]

    @property
    def is_slower(self) -> bool:
        """Whether the canary is slower than chance and the machine's noise explain."""
        gap = self.canary - self.others
        return gap > SLOWER_MILLISECONDS and min(self.canary / (self.others or 1), self.quartiles) > SLOWER


def judge(canary: Figures, others: Mapping[str, Figures], *, release: str, at_least: int) -> list[str]:
    """What speaks against the canary; nothing where it may go on."""
    serving = [each for each in others.values() if each["requests"]]
    found = [*judge_release(canary, release), *judge_errors(canary, serving)]
    if canary["requests"] < at_least and not (found and canary["ended_early"]):
        found.append(
            f"only {canary['requests']} requests in {canary['seconds']} s, the gate needs {at_least}"
        )
    if others and not serving:
        found.append(f"nothing to compare with: no figures of {', '.join(others)}")
    return found + (judge_times(canary, serving) if serving else [])


def judge_release(canary: Figures, release: str) -> list[str]:
    """Whether it is the release that answers, and ready."""
    if not canary["release"]:
        return ["/readyz names no release"]
    if canary["release"] != release:
        return [f"/readyz names {canary['release']}, not {release}"]
    return [] if canary["ready"] else ["/readyz says that it isn't ready"]


def judge_errors(canary: Figures, others: list[Figures]) -> list[str]:
    """Whether more fails than elsewhere, by more than chance: what all have is no fault of the release."""
    share, usual = share_of_errors([canary]), share_of_errors(others)
    noise = 0.0
    if usual and canary["requests"]:
        served = sum(each["requests"] for each in others)
        # Where some fail, the others may have met fewer than usual.
        foreseen = min(usual + CHANCE_ERRORS / served, 1)
        noise = DEVIATIONS * math.sqrt(foreseen * (1 - foreseen) * (1 / served + 1 / canary["requests"]))
    if canary["errors"] < ERRORS_AT_LEAST or share - usual <= max(ERRORS_SHARE, noise):
        return []
    hung = f", {canary['hung']} of them without an answer" if canary["hung"] else ""
    beside = f", {usual:.1%} elsewhere" if others else ""
    examples = f": {'; '.join(canary['examples'])}" if canary["examples"] else ""
    return [
        f"{canary['errors']} of {canary['requests']} requests failed{hung} ({share:.1%}{beside}){examples}"
    ]


def share_of_errors(group: list[Figures]) -> float:
    """Errors by requests; 0 without requests."""
    errors, requests = (sum(int(each[name]) for each in group) for name in ("errors", "requests"))
    return errors / (requests or 1)


def judge_times(canary: Figures, others: list[Figures]) -> list[str]:
    """Whether it is slower than the others, and whether that can be told."""
    compared = compare(canary, others)
    if compared is None:
        # Without a good answer there is no time; the errors tell more.
        is_told = canary["errors"] >= ERRORS_AT_LEAST or not canary["requests"]
        return [] if is_told else ["too few requests of the same kinds to compare times"]
    if not compared.is_slower:
        return []
    route, own, theirs = compared.worst
    slower = f"{compared.canary / (compared.others or 1):.1f} times slower than elsewhere"
    times = f"{compared.canary:.1f} ms against {compared.others:.1f} ms"
    return [f"{slower}: {times}; most of it {route}: {own:.1f} ms against {theirs:.1f} ms"]


def compare(canary: Figures, others: list[Figures]) -> Comparison | None:
    """Medians of like requests, weighted by how many the canary had; None where too few are alike.

    Medians: a few slow requests, such as a process's first ones, decide nothing.
    """
    pairs = list(pair_times(canary, others))
    weight = sum(count for _, count, _, _ in pairs)
    if not weight:
        return None
    medians = [(count, statistics.median(own), statistics.median(theirs)) for _, count, own, theirs in pairs]
    quartiles = [(count, lower_quartile(own), lower_quartile(theirs)) for _, count, own, theirs in pairs]
    own, usual = weigh(medians)
    quick, usually_quick = weigh(quartiles)
    (route, *_), (_, mine, theirs) = max(zip(pairs, medians, strict=True), key=lambda each: loss(*each[1]))
    return Comparison(own / weight, usual / weight, quick / (usually_quick or 1), (route, mine, theirs))


def weigh(times: list[tuple[int, float, float]]) -> tuple[float, float]:
    """The sums of the canary's times and of the others', each as often as the canary had it."""
    return sum(count * own for count, own, _ in times), sum(count * theirs for count, _, theirs in times)


def loss(count: int, own: float, theirs: float) -> float:
    """The time that the canary takes longer in all."""
    return count * (own - theirs)


def lower_quartile(times: list[float]) -> float:
    """What a quarter of them stays below."""
    return statistics.quantiles(times, n=4)[0]


def pair_times(canary: Figures, others: list[Figures]) -> Iterator[tuple[str, int, list[float], list[float]]]:
    """Routes that both served often enough: the canary's requests, its times and the others'."""
    for route, counts in canary["routes"].items():
        own = counts["milliseconds"]
        theirs = [time for each in others for time in each["routes"].get(route, {}).get("milliseconds", [])]
        if min(len(own), len(theirs)) >= COMPARED_REQUESTS:
            yield route, counts["requests"], own, theirs


def draw_table(canary: str, given: Mapping[str, Figures]) -> Iterator[str]:
    """A line of figures for each host, the canary first."""
    rows: list[tuple[str, ...]] = [
        ("host", "requests", "probes", "errors", "hung", "seconds", "ready", "release")
    ]
    for name, each in given.items():
        shown = f"{name} (canary)" if name == canary else name
        errors = f"{each['errors']} ({share_of_errors([each]):.1%})"
        ready = "yes" if each["ready"] else "no"
        figures = (each["requests"], each["probes"], errors, each["hung"], each["seconds"])
        rows.append((shown, *map(str, figures), ready, each["release"] or "-"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def draw_notes(canary: Figures, others: Mapping[str, Figures]) -> Iterator[str]:
    """What is to be known beside the verdict."""
    serving = [each for each in others.values() if each["requests"]]
    compared = compare(canary, serving)
    if compared is not None:
        yield f"median times: {compared.canary:.1f} ms, elsewhere {compared.others:.1f} ms for the same"
    if not others:
        yield "nobody to compare with: errors count by themselves, times don't"
    if canary["ended_early"]:
        yield "it failed so many that it was watched no further"
    failing = [name for name, each in others.items() if each["errors"] >= ERRORS_AT_LEAST]
    if failing:
        yield f"requests fail at {', '.join(failing)} too, which runs another release: look there as well"
    silent = [name for name, each in others.items() if not each["requests"]]
    if silent and serving:
        yield f"no figures of {', '.join(silent)}"


def read(text: str) -> tuple[str, Figures, dict[str, Figures]]:
    """The canary's name and figures, and the others'. Raises `GateRefused`."""
    try:
        given = json.loads(text)
        others = given.pop("others")
        ((name, canary),) = given.items()
        for each in (canary, *others.values()):
            missing = FIELDS - each.keys()
            if missing:
                raise GateRefused(f"figures without {', '.join(sorted(missing))}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        form = '{"HOST": FIGURES, "others": {"HOST": FIGURES}}'
        raise GateRefused(f"standard input must be {form} ({type(error).__name__}: {error})") from error
    return name, canary, others


FIELDS = {
    *(
        "release",
        "ready",
        "requests",
        "probes",
        "errors",
        "hung",
        "seconds",
        "ended_early",
        "examples",
        "routes",
    )
}


def main(arguments: list[str] | None = None) -> int:
    """What the first lines of this file say."""
    parser = argparse.ArgumentParser(
        prog="python -m ops.gates", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--release", required=True, help="what the canary must run")
    parser.add_argument("--at-least", type=int, required=True, help="requests that a verdict needs")
    given = parser.parse_args(arguments)
    try:
        name, canary, others = read(sys.stdin.read())
    except GateRefused as error:
        raise SystemExit(f"gates: {error}") from error
    findings = judge(canary, others, release=given.release, at_least=given.at_least)
    print(*draw_table(name, {name: canary, **others}), *draw_notes(canary, others), sep="\n")
    print(f"The gate stops {name}:" if findings else f"The gate lets {name} go on.")
    if findings:
        print(*(f"- {finding}" for finding in findings), sep="\n")
        # For the one line that is kept of it.
        print(*findings, sep="; ", file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
