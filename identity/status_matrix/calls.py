"""A call as data: it can be sent, and it can be written down as the curl command that sends the same.

Texts may name shell variables (`$IDENTITY_URL`); `said_by_x` stands for what X returns to a login page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

X = "$IDENTITY_X_EMULATOR_URL"
SERVICE = "$IDENTITY_URL"
MARK = re.compile(r'"said by X to ([a-zA-Z0-9_$]+)"')
VARIABLE = re.compile(r"\$([A-Z_]+)")


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `save` puts members of the answer into variables for later calls: {variable: member}."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    base: str = SERVICE
    keyed: bool = True
    scoped: bool = True
    """Whether it names the tenant of the cases; global routes do not look at it."""
    save: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The body with its variables and marks."""
        return "" if self.body is None else json.dumps(self.body)


def said_by_x(person: str) -> str:
    """In a body: the access-token pair that X gives this person, as a JSON object."""
    return f"said by X to {person}"


def people_in(text: str) -> list[str]:
    """Whose tokens a body needs."""
    return MARK.findall(text)


def filled(text: str, variables: Mapping[str, str], said: Mapping[str, str]) -> str:
    """The text as it is sent: variables by their values, marks by what X said to each person."""
    text = MARK.sub(lambda match: said[match[1]], text)
    return VARIABLE.sub(lambda match: variables[match[1]], text)


def as_curl(call: Call, *, show_status: bool = False) -> str:
    """The shell command that sends the same; it may print the status after the body."""
    command = ["curl -sS -w ' %{http_code}\\n'" if show_status else "curl -sS"]
    if call.method != ("GET" if call.body is None else "POST"):
        command.append(f"-X {call.method}")
    command.append(f'"{call.base}{call.path}"')
    if call.keyed and call.base == SERVICE:
        command.append('-H "Authorization: $IDENTITY_API_KEY"')
        if call.scoped:
            command.append('-H "X-FusionAuth-TenantId: $TENANT"')
    if call.body is not None:
        command.append("-H 'Content-Type: application/json' -d @-")
    line = " ".join(command)
    if call.body is not None:
        line += f" <<EOF\n{MARK.sub(lambda match: _token_command(match[1]), call.text)}\nEOF"
    for variable, member in call.save.items():
        line = f"{variable}=$({line}\n)\n" + _member_command(variable, member)
    return line


def _member_command(variable: str, member: str) -> str:
    """The shell variable holds an answer; afterwards it holds the text of one member of it."""
    return f"""{variable}=$(echo "${variable}" | sed 's/.*"{member}":"\\([^"]*\\)".*/\\1/')"""


def _token_command(person: str) -> str:
    return f'$(curl -sS "{X}/control/tokens" -d "{{\\"person\\": \\"{person}\\"}}")'
