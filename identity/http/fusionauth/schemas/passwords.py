"""Wire form of forgotten and changed passwords. Source: supporting contract 14."""

from __future__ import annotations

from identity.http.fusionauth.schemas.login import EventInfoSchema
from identity.wire import Flag, Free, Id, Many, OneOf, Part, Text, WireSchema

LONGEST_ID = 4_096
LONGEST_CHOSEN_ID = 255
LOGIN_ID_TYPES = ("email", "username", "phoneNumber")


class ChangePasswordRequest(WireSchema):
    """By an id, by the login id of a user (with a key), or by an access token."""

    application_id = Id()
    change_password_id = Text(limit=LONGEST_ID)
    current_password = Text()
    event_info = Part(EventInfoSchema)
    login_id = Text()
    login_id_types = Many(OneOf(LOGIN_ID_TYPES), load_default=list, most=10)
    password = Text(required=True, blank=False)
    refresh_token = Text(limit=LONGEST_ID)
    trust_challenge = Text(limit=LONGEST_ID)
    trust_token = Text(limit=LONGEST_ID)


class ChangePasswordAnswer(WireSchema):
    """Nothing of it when a key changed the password of a login id."""

    one_time_password = Text()
    state = Free()


class ForgotPasswordRequest(WireSchema):
    """Members that name who is to be told come from keys only."""

    application_id = Id()
    change_password_id = Text(limit=LONGEST_CHOSEN_ID)
    event_info = Part(EventInfoSchema)
    login_id = Text(required=True, blank=False)
    login_id_types = Many(OneOf(LOGIN_ID_TYPES), load_default=list, most=10)
    send_forgot_password_email = Flag(load_default=True)
    send_forgot_password_message = Flag(load_default=True)
    state = Free()


class ForgotPasswordAnswer(WireSchema):
    change_password_id = Text()
