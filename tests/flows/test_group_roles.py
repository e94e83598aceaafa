"""The roles of a group in the tokens of its members: supporting contract 7."""

from __future__ import annotations

from uuid import uuid4

from tests.sessions import Session, Sessions, claims_of


def role_id(sessions: Sessions, application_id: str, name: str) -> str:
    application = sessions.call("GET", f"/api/application/{application_id}").json()["application"]
    return next(role["id"] for role in application["roles"] if role["name"] == name)


def put_in_group(sessions: Sessions, session: Session, application_id: str, role: str) -> str:
    """A new group with this role and this member; returns the group's id."""
    body = {"group": {"name": str(uuid4())}, "roleIds": [role_id(sessions, application_id, role)]}
    group_id = str(sessions.call("POST", "/api/group", body, tenant=sessions.tenant_id).json()["group"]["id"])
    members = {"members": {group_id: [{"userId": session.user_id}]}}
    assert sessions.call("POST", "/api/group/member", members).status_code == 200
    return group_id


def test_a_members_group_roles_are_in_the_token_of_a_login_and_of_a_refresh(sessions: Sessions) -> None:
    session = sessions.begin()
    assert session.claims["roles"] == ["user"]
    group_id = put_in_group(sessions, session, session.application_id, "admin")
    again = sessions.begin(session.application_id, session.person)
    assert again.claims["roles"] == ["admin", "user"]
    refreshed = sessions.call("POST", "/api/jwt/refresh", {"refreshToken": session.refresh_token}, key="")
    assert claims_of(refreshed.json()["token"])["roles"] == ["admin", "user"]
    user = sessions.world.user(session.user_id)
    assert user["registrations"][0]["roles"] == ["user"]
    assert [membership["groupId"] for membership in user["memberships"]] == [group_id]
    assert sessions.call("DELETE", f"/api/group/{group_id}").status_code == 200
    assert sessions.begin(session.application_id, session.person).claims["roles"] == ["user"]


def test_roles_of_another_application_are_not_in_the_token(sessions: Sessions) -> None:
    session, elsewhere = sessions.begin(), sessions.application()
    put_in_group(sessions, session, elsewhere, "admin")
    assert sessions.begin(session.application_id, session.person).claims["roles"] == ["user"]


def test_a_login_answers_with_the_users_memberships(sessions: Sessions) -> None:
    session = sessions.begin()
    group_id = put_in_group(sessions, session, session.application_id, "admin")
    answer = sessions.world.login(session.person, applicationId=session.application_id).json()
    assert [membership["groupId"] for membership in answer["user"]["memberships"]] == [group_id]


def test_without_a_registration_group_roles_count_nothing(sessions: Sessions) -> None:
    session = sessions.begin(sessions.application())
    put_in_group(sessions, session, session.application_id, "admin")
    path = f"/api/user/registration/{session.user_id}/{session.application_id}"
    assert sessions.call("DELETE", path).status_code == 200
    own = {session.application_id: {"enabled": True, "createRegistration": False}}
    sessions.world.configure(applicationConfiguration=own)
    try:
        answer = sessions.world.login(session.person, applicationId=session.application_id)
    finally:
        sessions.world.configure()
    assert answer.status_code == 202, answer.text
    assert "roles" not in claims_of(answer.json()["token"])
