"""What tests of user actions take turns with: definitions, and actions on people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import requests

from identity.domain.action_logs import ENDLESS
from tests.service import Service


@dataclass(frozen=True)
class Acting:
    """An administrator, who acts on people with the official client."""

    service: Service
    actor_id: str

    def definition(self, **members: Any) -> dict[str, Any]:
        """A temporal definition that prevents logins, unless members say otherwise."""
        wanted = {"name": uuid4().hex, "temporal": True, "preventLogin": True} | members
        answer = self.service.client.create_user_action({"userAction": wanted})
        assert answer.status == 200, answer.error_response
        made: dict[str, Any] = answer.success_response["userAction"]
        return made

    def reason(self, **members: Any) -> dict[str, Any]:
        wanted = {"code": uuid4().hex, "text": uuid4().hex} | members
        answer = self.service.client.create_user_action_reason({"userActionReason": wanted})
        assert answer.status == 200, answer.error_response
        made: dict[str, Any] = answer.success_response["userActionReason"]
        return made

    def try_to_take(self, user_id: str, definition: dict[str, Any], **members: Any) -> Any:
        broadcast = {"broadcast": members.pop("broadcast")} if "broadcast" in members else {}
        action = {
            "actioneeUserId": user_id,
            "actionerUserId": self.actor_id,
            "userActionId": definition["id"],
            "expiry": ENDLESS,
        }
        return self.service.client.action_user({"action": action | members} | broadcast)

    def take(self, user_id: str, definition: dict[str, Any], **members: Any) -> dict[str, Any]:
        answer = self.try_to_take(user_id, definition, **members)
        assert answer.status == 200, answer.error_response
        taken: dict[str, Any] = answer.success_response["action"]
        return taken

    def ban(self, user_id: str, **members: Any) -> dict[str, Any]:
        return self.take(user_id, self.definition(), **members)

    def modify(self, action_id: str, **members: Any) -> Any:
        return self.service.client.modify_action(action_id, self._request(members))

    def cancel(self, action_id: str, **members: Any) -> Any:
        return self.service.client.cancel_action(action_id, self._request(members))

    def _request(self, members: dict[str, Any]) -> dict[str, Any]:
        broadcast = {"broadcast": members.pop("broadcast")} if "broadcast" in members else {}
        return {"action": {"actionerUserId": self.actor_id} | members} | broadcast


def acting(service: Service) -> Acting:
    """A new administrator."""
    answer = service.call("POST", "/api/user", {"user": {"username": uuid4().hex, "password": "correct horse battery"}})
    assert answer.status_code == 200, answer.text
    return Acting(service, answer.json()["user"]["id"])


def codes(answer: Any) -> list[str]:
    """The codes of the field errors of a 400."""
    status = answer.status_code if isinstance(answer, requests.Response) else answer.status
    assert status == 400
    refused = answer.json() if isinstance(answer, requests.Response) else answer.error_response
    return sorted(error["code"] for errors in refused["fieldErrors"].values() for error in errors)
