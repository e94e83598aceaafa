"""Tenants over HTTP. Source: supporting contract section 6."""

from __future__ import annotations

from uuid import uuid4

from tests.service import Service


def test_a_new_tenant_comes_back_with_every_default(service: Service) -> None:
    created = service.client.create_tenant({"tenant": {"name": "Acme"}})
    assert created.was_successful(), created.error_response
    tenant = created.success_response["tenant"]
    assert tenant["name"] == "Acme"
    assert tenant["issuer"] == service.services.settings.base_url
    assert tenant["jwtConfiguration"]["accessTokenKeyId"] == str(service.signing_key_id)
    assert tenant["jwtConfiguration"]["timeToLiveInSeconds"] == 3600
    assert tenant["jwtConfiguration"]["refreshTokenRevocationPolicy"]["onLoginPrevented"] is True
    assert "enabled" not in tenant["jwtConfiguration"]
    assert tenant["externalIdentifierConfiguration"]["pendingAccountLinkTimeToLiveInSeconds"] == 3600
    assert tenant["passwordEncryptionConfiguration"]["encryptionScheme"] == "argon2id"
    assert tenant["failedAuthenticationConfiguration"]["actionDurationUnit"] == "MINUTES"
    read = service.client.retrieve_tenant(tenant["id"])
    assert read.success_response == created.success_response


def test_a_tenant_takes_the_id_of_the_path(service: Service) -> None:
    tenant_id = str(uuid4())
    created = service.client.create_tenant({"tenant": {"name": "Acme"}}, tenant_id)
    assert created.success_response["tenant"]["id"] == tenant_id
