"""What an unsubscribe link carries: enough to act on for ever, even when the message's rows are long archived.

It holds no address, only its keyed hash, and is sealed: bound to one recipient, one scope and one message
(STANDARDS A1.7, A1.17). It does not expire (A1.18).
"""

import struct
from dataclasses import dataclass

from compliance.models import Scope
from config.lib import tokens
from config.lib.addresses import AddressHash
from config.lib.tokens import InvalidToken

_PURPOSE = "unsubscribe"
_FORMAT = struct.Struct(">BqqqqBqB32s")
_VERSION = 1
_SCOPES = (Scope.LIST, Scope.BRAND, Scope.GLOBAL)


@dataclass(frozen=True)
class UnsubscribeToken:
    """Who leaves what, and which message the link was in. Ids are primary keys; `scope_id` is 0 for global."""

    message_id: int
    contact_id: int
    campaign_id: int
    brand_id: int
    scope: Scope
    scope_id: int
    address: AddressHash

    def seal(self) -> str:
        return tokens.seal(
            _PURPOSE,
            _FORMAT.pack(
                _VERSION,
                self.message_id,
                self.contact_id,
                self.campaign_id,
                self.brand_id,
                _SCOPES.index(self.scope),
                self.scope_id,
                self.address.key_id,
                self.address.digest,
            ),
        )


def read(token: str) -> UnsubscribeToken:
    """The content of an unsubscribe link. Raises InvalidToken for anything that was not sealed by us for this."""
    payload = tokens.unseal(_PURPOSE, token)
    if len(payload) != _FORMAT.size or payload[0] != _VERSION:
        raise InvalidToken
    _, message_id, contact_id, campaign_id, brand_id, scope, scope_id, key_id, digest = _FORMAT.unpack(payload)
    return UnsubscribeToken(
        message_id, contact_id, campaign_id, brand_id, _SCOPES[scope], scope_id, AddressHash(key_id, digest)
    )
