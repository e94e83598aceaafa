"""Second factors in a browser: chosen, mailed, set up on the way, lost, and not asked for on a trusted computer."""

from __future__ import annotations

import pytest

from identity.http.fusionauth.visit import TRUST_COOKIE
from tests.browser.playing import Play
from tests.browser.visitor import ALL_WAYS
from tests.second_factors import Phone, mailed_codes, tenant_policy, with_phone
from identity.domain.totp import secret_from
