"""Holds an answer against the contract."""

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from tests.api.contract.entities import ACCOUNTS, OTHERS, STATUSES
from tests.api.contract.servers import INSTANCES, OAUTH
from tests.api.contract.shapes import Schema

ENTITIES: Schema = {**ACCOUNTS, **STATUSES, **OTHERS, **INSTANCES, **OAUTH}


class ContractError(AssertionError):
    """An answer is not what the API promises."""


@cache
def validator(entity: str) -> Draft202012Validator:
    """What checks one entity; `[Status]` stands for a list of them."""
    name = entity.removeprefix("[").removesuffix("]")
    one = {"$ref": f"#/$defs/{name}"}
    wanted = {"type": "array", "items": one} if entity.startswith("[") else one
    if name not in ENTITIES:
        raise KeyError(f"no schema of {name}")
    return Draft202012Validator(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", **wanted, "$defs": ENTITIES}
    )


def check(entity: str, data: Any) -> None:
    """Raise ContractError with each place of `data` that breaks the entity's schema; see `validator`."""
    problems = [explain(error) for error in validator(entity).iter_errors(data)]
    if problems:
        raise ContractError(f"not {entity}:\n  " + "\n  ".join(sorted(problems)))


def explain(error: ValidationError) -> str:
    """Where and what, without the whole schema: of alternatives, the one that came nearest."""
    nearest = best_match([error]) or error
    place = nearest.json_path
    if nearest.validator in ("const", "enum", "type", "pattern"):
        return (
            f"{place}: {nearest.instance!r:.200} is not {nearest.validator} {nearest.validator_value!r:.200}"
        )
    return f"{place}: {nearest.message:.300}"
