"""Sends the calls of every case to the running installation and says which status came.

Everything happens in a tenant of its own, and what a case has changed is taken back whatever comes between.
"""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from identity.dev.folder import DevFailed
from identity.status_matrix.calls import Call, filled, people_in
from identity.status_matrix.cases import CASES, CLEARING, OPENED, SCENE, TWITTER, Case
from identity.status_matrix.damage import damaged
from identity.status_matrix.writing import assignments, scene_written, written

SECONDS = 30
UNAVAILABLE = 503
TRIES = 30
SECONDS_BETWEEN = 0.5


class MatrixFailed(DevFailed):
    """A call that only sets the scene was refused: the message has the call and the answer."""


@dataclass(slots=True)
class _Stage:
    """Where the calls go, and the variables they name."""

    variables: dict[str, str]
    database_url: str
    session: requests.Session = field(default_factory=requests.Session)

    def send(self, call: Call) -> requests.Response:
        said = {}
        for marked in people_in(call.text):
            said[marked] = self._ask_x(filled(marked, self.variables, {}))
        url = filled(call.base + call.path, self.variables, said)
        headers = {}
        if call.keyed and call.base == "$IDENTITY_URL":
            headers = {"Authorization": self.variables["IDENTITY_API_KEY"]}
            headers |= {"X-FusionAuth-TenantId": self.variables["TENANT"]} if call.scoped else {}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        body = filled(call.text, self.variables, said).encode() or None
        answer = self.session.request(call.method, url, headers=headers, data=body, timeout=SECONDS)
        for variable, member in call.save.items():
            self.variables[variable] = str(answer.json().get(member))
        return answer

    def set_up(self, calls: Iterable[Call]) -> None:
        """Raises MatrixFailed."""
        for call in calls:
            answer = self.send(call)
            for _ in range(TRIES):
                if answer.status_code != UNAVAILABLE:
                    break
                time.sleep(SECONDS_BETWEEN)  # a service comes back, as it promises, soon after its database
                answer = self.send(call)
            if answer.status_code >= 300:
                raise MatrixFailed(f"{call.method} {call.path} answered {answer.status_code}: {answer.text}")

    def _ask_x(self, person: str) -> str:
        url = f"{self.variables['IDENTITY_X_EMULATOR_URL']}/control/tokens"
        answer = self.session.post(url, json={"person": person}, timeout=SECONDS)
        if answer.status_code != 201:
            raise MatrixFailed(f"The X emulator has no tokens for {person}: {answer.text}")
        return answer.text


def require_service(variables: Mapping[str, str]) -> None:
    """Raises DevFailed when no development installation with an X emulator runs."""
    try:
        requests.get(f"{variables['IDENTITY_URL']}/api/status", timeout=SECONDS)
        requests.get(f"{variables['IDENTITY_X_EMULATOR_URL']}/control/settings", timeout=SECONDS)
    except (KeyError, requests.ConnectionError) as error:
        raise DevFailed(
            "Nothing runs here with an X emulator: start `make run` first, with the same settings."
        ) from error


def require_cases(wanted: Collection[int]) -> None:
    """Raises DevFailed for a status that no login ends with."""
    known = [case.status for case in CASES]
    if unknown := [status for status in wanted if status not in known]:
        raise DevFailed(f"No login ends with {_listed(unknown)}. The statuses: {_listed(known)}.")


def run(variables: Mapping[str, str], data_dir: Path, database_url: str, wanted: Collection[int] = ()) -> bool:
    """Reach every status, or those that are wanted, and print how; False when one came out otherwise."""
    tag = f"{secrets.randbelow(900_000_000) + 100_000_000}"
    own = {
        "TAG": tag,
        "TWITTER": TWITTER,
        "TENANT": f"00000000-0000-4000-8000-000{tag}",
        "APPLICATION": f"00000000-0000-4000-8001-000{tag}",
    }
    stage = _Stage(dict(variables) | own, database_url)
    _say(f". {data_dir}/dev.env\n" + assignments(own))
    good = True
    with stage.session, _scene(stage):
        for case in CASES:
            if not wanted or case.status in wanted:
                good = _reach(stage, case) and good
    return good


@contextmanager
def _scene(stage: _Stage) -> Iterator[None]:
    _say(scene_written() + "\n")
    stage.set_up((*SCENE, OPENED))
    try:
        yield
    finally:
        stage.set_up(CLEARING)


def _reach(stage: _Stage, case: Case) -> bool:
    _say(f"# {case.status} {case.title}")
    try:
        stage.set_up(case.cause)
        with damaged(stage.database_url, case.damage, stage.variables["APPLICATION"]):
            answer = stage.send(case.request)
    finally:
        stage.set_up(case.undo)
    good = answer.status_code == case.status
    _say(written(case))
    _say(f"# {'ok' if good else 'WRONG'}: {answer.status_code} with {_told(answer)}\n# then: {case.resolution}\n")
    return good


def _listed(statuses: Iterable[int]) -> str:
    return ", ".join(map(str, statuses))


def _told(answer: requests.Response) -> str:
    """The members of the answer's body: their values may be tokens."""
    return ", ".join(sorted(answer.json())) if answer.content else "no body"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
