"""`microblog metrics`: the table of all metrics."""

from dataclasses import dataclass

import click
from prometheus_client.metrics import MetricWrapperBase

from microblog.cli.support import examples
from microblog.observability import metrics


@dataclass(frozen=True)
class Described:
    """A metric as Prometheus shows it. A histogram has the series `…_bucket`, `…_sum` and `…_count`."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str


def describe_all() -> list[Described]:
    """Every metric, by name."""
    declared = (one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase))
    return sorted((_describe(one) for one in declared), key=lambda one: one.name)


def _describe(metric: MetricWrapperBase) -> Described:
    (shown,) = metric.describe()
    name = f"{shown.name}_total" if shown.type == "counter" else shown.name
    return Described(name, shown.type, tuple(metric._labelnames), shown.documentation)  # noqa: SLF001 - it has no other way


def as_markdown(table: list[Described]) -> str:
    """The table of docs/metrics.md."""
    rows = (
        f"| `{one.name}` | {one.kind} | {', '.join(f'`{label}`' for label in one.labels)} | {one.help} |"
        for one in table
    )
    return "\n".join(("| metric | type | labels | what it says |", "|---|---|---|---|", *rows)) + "\n"


@click.command(epilog=examples("microblog metrics", "microblog metrics --markdown"))
@click.option("--markdown", "is_markdown", is_flag=True, help="As the table of docs/metrics.md.")
def command(is_markdown: bool) -> None:  # noqa: FBT001 - click passes by name
    """List every metric with its type, its labels and what it says."""
    table = describe_all()
    if is_markdown:
        click.echo(as_markdown(table), nl=False)
        return
    for one in table:
        labels = f"{{{','.join(one.labels)}}}" if one.labels else ""
        click.echo(f"{one.name}{labels} ({one.kind})\n    {one.help}")
