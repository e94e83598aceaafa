"""Secrets in messages. Source: decision 25, security section 12."""

from __future__ import annotations

from identity.domain.redact import mask, secret_values, without


def test_texts_under_secret_names_are_found_at_any_depth() -> None:
    document = {"user": {"password": "sesame", "email": "a@b"}, "list": [{"consumerSecret": "hidden"}], "code": "abc"}
    assert secret_values(document) == {"sesame", "hidden"}


def test_each_secret_is_masked_the_longest_first() -> None:
    assert without("x=secret-long y=secret", {"secret", "secret-long"}) == f"x={mask('secret-long')} y={mask('secret')}"
