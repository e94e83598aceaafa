"""Wire forms of signing keys and of the public keys that others verify with. Source: supporting contract 9."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from identity.domain.keys import KeyAlgorithm, KeyType
from identity.http.fusionauth.schemas.common import SearchCriteria
from identity.wire import Flag, Id, Instant, Many, Part, Text, Whole, WireSchema

NAME_LIMIT = 191
KEY_TEXT_LIMIT = 10_000


def algorithm(**options: Any) -> fields.Enum[KeyAlgorithm]:
    return fields.Enum(KeyAlgorithm, by_value=True, **options)


def key_type(**options: Any) -> fields.Enum[KeyType]:
    return fields.Enum(KeyType, by_value=True, **options)


class CertificateInformationSchema(WireSchema):
    issuer = Text()
    md5_fingerprint = Text()
    serial_number = Text()
    sha1_fingerprint = Text()
    sha1_thumbprint = Text()
    sha256_fingerprint = Text()
    sha256_thumbprint = Text()
    subject = Text()
    valid_from = Instant()
    valid_to = Instant()


class KeySchema(WireSchema):
    """A key as it is shown: neither private key nor secret has a member here."""

    algorithm = algorithm()
    certificate = Text(attribute="certificate_pem")
    certificate_information = fields.Nested(CertificateInformationSchema)
    expiration_instant = Instant()
    has_private_key = Flag()
    id = Id()
    insert_instant = Instant()
    issuer = Text()
    kid = Text()
    last_update_instant = Instant()
    length = Whole()
    name = Text()
    public_key = Text(attribute="public_pem")
    type = key_type()


class KeyToGenerate(WireSchema):
    algorithm = algorithm(required=True)
    name = Text(blank=False, required=True, limit=NAME_LIMIT)
    length = Whole(load_default=None)
    issuer = Text(limit=255, load_default=None)


class KeyToImport(WireSchema):
    algorithm = algorithm(load_default=None)
    certificate = Text(limit=KEY_TEXT_LIMIT, load_default=None)
    kid = Text(limit=255, load_default=None)
    name = Text(blank=False, required=True, limit=NAME_LIMIT)
    private_key = Text(limit=KEY_TEXT_LIMIT, load_default=None)
    public_key = Text(limit=KEY_TEXT_LIMIT, load_default=None)
    secret = Text(limit=KEY_TEXT_LIMIT, load_default=None)
    type = key_type(load_default=None)


class KeyToRename(WireSchema):
    name = Text(blank=False, required=True, limit=NAME_LIMIT)


class GenerateKeyRequest(WireSchema):
    key = Part(KeyToGenerate)


class ImportKeyRequest(WireSchema):
    key = Part(KeyToImport)


class RenameKeyRequest(WireSchema):
    key = Part(KeyToRename)


class KeyResponse(WireSchema):
    key = fields.Nested(KeySchema)
    keys = Many(fields.Nested(KeySchema))
    total = Whole()


class KeySearch(SearchCriteria):
    algorithm = algorithm()
    type = key_type()


class KeySearchRequest(WireSchema):
    search = Part(KeySearch)


class JsonWebKeySet(WireSchema):
    keys = Many(fields.Dict())


class PublicKeyResponse(WireSchema):
    public_key = Text()
    public_keys = fields.Dict(keys=fields.String(), values=fields.String())
