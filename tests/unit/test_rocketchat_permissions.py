"""Who may do what at the Rocket.Chat door (decisions 41 and 49)."""

from __future__ import annotations

import pytest

from identity.domain.rocketchat_permissions import PLAIN, Permission, denied_of, may


@pytest.mark.parametrize("permission", Permission)
def test_an_admin_may_do_everything_whatever_is_denied_to_the_others(permission: Permission) -> None:
    assert may(["user", "admin"], permission, {each.value for each in Permission})


@pytest.mark.parametrize("permission", Permission)
def test_everybody_else_sees_people_and_makes_tokens_and_no_more(permission: Permission) -> None:
    assert may(["user", "moderator"], permission) == (
        permission.value in {"view-d-room", "create-personal-access-tokens"}
    )


@pytest.mark.parametrize("permission", sorted(PLAIN, key=lambda each: each.value))
def test_what_the_operator_takes_away_plain_users_have_not(permission: Permission) -> None:
    (other,) = PLAIN - {permission}
    assert not may(["user"], permission, {permission.value})
    assert may(["user"], other, {permission.value})


def test_a_role_is_compared_exactly() -> None:
    assert not may(["Admin", "admins", " admin"], Permission.LOGOUT_OTHER_USER)


def test_the_setting_is_a_comma_list_with_room_for_spaces() -> None:
    assert denied_of(" view-d-room, ,create-personal-access-tokens,") == {
        "view-d-room",
        "create-personal-access-tokens",
    }
    assert denied_of("") == frozenset()
