"""What the directory remembers, one record each, in the form that is stored.

A record holds hashes, never secrets, with two exceptions: signing keys, since they must sign, and
the shared secrets of one-time passwords, since they take part in each check.
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class StoredSecret(msgspec.Struct, frozen=True):
    """One secret of an account, as its hash.

    Attributes:
        secret_id: a GUID; registry tokens made with this secret name it and die with it.
        name: what people call it, for example `password2` or `deploy pipeline`.
        digest: see `secrets.hash_secret`.
        expires_at: None for never.
    """

    secret_id: str
    name: str
    digest: str
    created_at: datetime
    expires_at: datetime | None = None

    def expired(self, at: datetime) -> bool:
        """Whether it has no force at `at` any more."""
        return self.expires_at is not None and self.expires_at <= at


class LdapOrigin(msgspec.Struct, frozen=True):
    """What ties a user or a group to an entry of the LDAP server.

    Attributes:
        entry_id: of the entry, the same after it is renamed or moved.
        password_changed: the server's mark of the last change of the password; empty for groups
            and where it tells of none.
        stands: whether the entry was there and enabled when it was last looked for.
    """

    distinguished_name: str
    entry_id: str
    password_changed: str = ""
    stands: bool = True


class User(msgspec.Struct, frozen=True):
    """A person of the directory.

    Attributes:
        password_id: a GUID that changes with the password, and whenever everything that was made
            with it shall lose its force.
        password_hash: argon2id; empty where an LDAP server keeps the password.
        totp_secret: base32, of one-time passwords (RFC 6238); empty where none are asked for. It
            must be kept as it is, since it takes part in each check.
        signed_out_at: when the user was last signed out everywhere.
        ldap: of a user who comes from the LDAP server, who also keeps the password.
    """

    object_id: str
    user_name: str
    display_name: str
    password_id: str
    password_hash: str
    created_at: datetime
    enabled: bool = True
    totp_secret: str = ""
    signed_out_at: datetime | None = None
    ldap: LdapOrigin | None = None


class StoredCertificate(msgspec.Struct, frozen=True):
    """A certificate whose key signs an application's assertions (RFC 7523).

    Attributes:
        certificate_id: a GUID; tokens made with it name it and die with it.
        pem: the certificate alone, never its key.
        thumbprint: SHA-1 of the DER form, upper-case hexadecimal, as people know it.
        expires_at: of the certificate itself.
    """

    certificate_id: str
    name: str
    pem: str
    thumbprint: str
    created_at: datetime
    expires_at: datetime


class FederatedCredential(msgspec.Struct, frozen=True):
    """Whose token of an outside issuer is taken for an application's own credential.

    Attributes:
        credential_id: a GUID; tokens made with it name it and die with it.
        issuer: the `iss` of the outside token, exactly; a trust must stand for it.
        subject: its `sub`, exactly, or with `*` where `pattern` says so.
        audience: one of its `aud`.
        pattern: whether `*` in `subject` stands for any run of characters but `/` and `:`.
    """

    credential_id: str
    name: str
    issuer: str
    subject: str
    audience: str
    created_at: datetime
    pattern: bool = False


class Application(msgspec.Struct, frozen=True):
    """An application with its service principal, or a managed identity.

    Attributes:
        object_id: of the service principal; role assignments name this.
        client_id: of the application; sign-ins name this.
        resource_id: of a managed identity, its Azure resource id; empty for an application.
    """

    object_id: str
    client_id: str
    display_name: str
    created_at: datetime
    secrets: tuple[StoredSecret, ...] = ()
    enabled: bool = True
    certificates: tuple[StoredCertificate, ...] = ()
    federated: tuple[FederatedCredential, ...] = ()
    resource_id: str = ""


class Group(msgspec.Struct, frozen=True):
    """A group; members may be users, service principals and groups, by object id.

    Attributes:
        ldap: of a group that comes from the LDAP server, with its members.
    """

    object_id: str
    display_name: str
    created_at: datetime
    members: tuple[str, ...] = ()
    ldap: LdapOrigin | None = None


class AdminAccount(msgspec.Struct, frozen=True):
    """The admin user's two passwords; whether it is enabled is the registry's policy.

    Attributes:
        registry: id of the further registry whose admin it is; empty for the home registry's.
    """

    passwords: tuple[StoredSecret, ...]
    registry: str = ""


class TokenAccount(msgspec.Struct, frozen=True):
    """A non-directory token (reference 6.2).

    Attributes:
        registry: id of the further registry that it opens; empty for the home registry.
    """

    name: str
    scope_map: str
    created_at: datetime
    passwords: tuple[StoredSecret, ...] = ()
    enabled: bool = True
    registry: str = ""


class SigningKey(msgspec.Struct, frozen=True):
    """A key that signs registry tokens.

    Attributes:
        key_id: the `kid` of tokens.
        private_pem: PKCS 8, unencrypted; the data folder's own protection is its protection.
        retired_at: since when it only verifies; None while it signs.
    """

    key_id: str
    private_pem: str
    created_at: datetime
    retired_at: datetime | None = None
