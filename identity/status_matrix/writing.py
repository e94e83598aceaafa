"""The cases as shell commands, and as the page docs/outcomes.md."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import fill

from identity.status_matrix.calls import as_curl
from identity.status_matrix.cases import CASES, CLEARING, OPENED, SCENE, TWITTER, Case

INTRODUCTION = """# How a login can end

One section for each status that a login door answers: what it means, how to see it, and what resolves it. The order in
which the reasons are asked is the table `GATES` in `identity/domain/outcome.py`; whoever meets two of them gets the
first.

`identity status-matrix` does all of this on what `make run` has started, prints every command, and ends with an error
when one status comes out otherwise; `identity status-matrix 242` does one. This page is what it prints, and a test runs
it. To follow it by hand, take the variables and set the scene once:

"""
VARIABLES = {
    "TAG": "100000001",
    "TWITTER": TWITTER,
    "TENANT": "00000000-0000-4000-8000-000$TAG",
    "APPLICATION": "00000000-0000-4000-8001-000$TAG",
}
WIDTH = 120
END = "Remove what was made:\n\n"


def page() -> str:
    """docs/outcomes.md."""
    scene = "\n".join(["set -a", ". .identity/dev.env", assignments(VARIABLES), scene_written()])
    clearing = "\n".join(as_curl(call) for call in CLEARING)
    sections = [_section(case) for case in CASES]
    return "".join([INTRODUCTION, _block(scene), *sections, "\n## The end\n\n", END, _block(clearing)])


def scene_written() -> str:
    return "\n".join(as_curl(call) for call in (*SCENE, OPENED))


def written(case: Case) -> str:
    """The cause and the request; what is to be taken back afterwards is not part of it."""
    lines = [as_curl(call) for call in case.cause]
    if case.damage is not None:
        lines.append(f"# here {case.damage.value}: no call does that")
    return "\n".join([*lines, as_curl(case.request, show_status=True)])


def assignments(variables: Mapping[str, str]) -> str:
    return "\n".join(f"{name}={value}" for name, value in variables.items())


def _section(case: Case) -> str:
    meaning, resolution = fill(case.meaning, WIDTH), fill(f"**What resolves it.** {case.resolution}", WIDTH)
    parts = [f"\n## {case.status} {case.title}\n\n{meaning}\n\n{resolution}\n\n"]
    parts.append(_block(written(case)))
    if case.undo:
        parts.append("\nTake it back:\n\n" + _block("\n".join(as_curl(call) for call in case.undo)))
    return "".join(parts)


def _block(commands: str) -> str:
    return f"```sh\n{commands}\n```\n"
