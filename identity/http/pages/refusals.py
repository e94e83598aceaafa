"""Why somebody is not signed in, in words for them: what the sign-in page says after a refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from identity.domain.outcome import Verdict
from identity.http.pages.catalogue import msgid

Say = Callable[..., str]

WRONG_PASSWORD = msgid("The name or the password is not right. Please check what you typed.")
NOT_LINKED = msgid("No account here belongs to your account at %(provider)s. Please sign in another way.")
OVER = msgid("This took too long, or it was done already. Please sign in again.")
SWITCHED_OFF = msgid("This account is switched off.")
REFUSED = msgid("This sign-in was refused.")
NOT_VOUCHED = msgid("%(provider)s did not confirm who you are. Please try again, or sign in another way.")

WORDS_OF_CODE: Mapping[str, str] = {
    "[ExistingUserAlreadyLinked]": msgid("Your account here belongs to another account at %(provider)s already."),
    "[InvalidApplication]": msgid("Nobody can sign in to this application at the moment."),
    "[InvalidIdentityProviderId]": msgid("Signing in through %(provider)s is not possible here any more."),
    "[LinkCountExceeded]": msgid("Your account here cannot be linked to one more account at %(provider)s."),
    "[MissingEmail]": msgid(
        "%(provider)s did not tell us your e-mail address, which is needed here. Please sign in another way."
    ),
    "[MissingUsername]": msgid(
        "%(provider)s did not tell us your user name, which is needed here. Please sign in another way."
    ),
    "[UserDoesNotExistByEmail]": msgid("No account here has the e-mail address of your account at %(provider)s."),
    "[UserDoesNotExistByUsername]": msgid("No account here has the user name of your account at %(provider)s."),
}
"""By the general error of a refusal."""

NO_ANSWER = msgid("%(provider)s cannot be reached at the moment. Please try again in a while, or sign in another way.")
TOO_MANY = msgid("%(provider)s takes no more sign-ins at the moment. Please try again in a while.")
WORDS_OF_REASON: Mapping[str, str] = {
    **dict.fromkeys(("busy", "connect", "garbage", "redirect", "reset", "timeout", "tls", "unavailable"), NO_ANSWER),
    "rate limited": TOO_MANY,
}
"""By what kept the provider from confirming."""


def why_not(shown: Mapping[str, Any], say: Say) -> str | None:
    """The words for what a sign-in carries to be shown; None when it is nothing, or has words of its own."""
    provider = {"provider": shown.get("provider", "")}
    if (code := shown.get("problem")) is not None:
        usual = WORDS_OF_REASON.get(shown.get("reason") or "", NOT_VOUCHED if shown.get("provider") else REFUSED)
        return say(WORDS_OF_CODE.get(code, usual), **provider)
    verdict = shown.get("verdict")
    if verdict == Verdict.NOT_FOUND.value:
        if shown.get("provider"):
            return say(NOT_LINKED, **provider)
        return say(WRONG_PASSWORD if shown.get("by_password") else OVER)
    if verdict == Verdict.LOCKED.value:
        return None if shown.get("locked_until") else say(SWITCHED_OFF)
    if verdict == Verdict.INVALID.value:
        return " ".join(shown.get("objections") or ()) or say(REFUSED)
    return None if verdict is None else say(OVER)
