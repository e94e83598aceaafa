"""Wire form of e-mail and registration verification. Source: supporting contract 13."""

from __future__ import annotations

from typing import Any

from identity.flows.verifications.begin_verification import Begun
from identity.http.fusionauth.schemas.login import EventInfoSchema
from identity.wire import Id, Part, Text, WireSchema

LONGEST_ID = 4_096


class VerifyRequest(WireSchema):
    """`verificationId`, with `oneTimeCode` where the strategy is FormField; `userId` is for administrators."""

    event_info = Part(EventInfoSchema)
    one_time_code = Text(limit=LONGEST_ID)
    user_id = Id()
    verification_id = Text(limit=LONGEST_ID)


class VerificationAnswer(WireSchema):
    """The code has two names: the page's and the client's."""

    one_time_code = Text()
    verification_id = Text()
    verification_one_time_code = Text()


def begun_wire(begun: Begun) -> dict[str, Any]:
    wire = {
        "oneTimeCode": begun.code,
        "verificationId": begun.id,
        "verificationOneTimeCode": begun.code,
    }
    return {name: value for name, value in wire.items() if value is not None}
