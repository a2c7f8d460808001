"""Who is asking: the directory, its credentials, the signing keys and the registry's own tokens.

Promises: a credential is turned into a subject or refused with a reason; comparison takes the same
time for right and wrong; a secret is kept only as its hash. Refuses to know: what the subject may
do, and over which wire the credential came.
"""

from pratique.identity.credentials import (
    NULL_GUID,
    BasicCredentials,
    BearerToken,
    Credentials,
    NoCredentials,
)
from pratique.identity.directory import Account, Directory
from pratique.identity.passwords import PasswordHasher
from pratique.identity.records import (
    AdminAccount,
    Application,
    FederatedCredential,
    Group,
    LdapOrigin,
    SigningKey,
    StoredCertificate,
    StoredSecret,
    TokenAccount,
    User,
)
from pratique.identity.registry_tokens import (
    ACCESS_TOKEN,
    ACCESS_TOKEN_LIFE,
    REFRESH_TOKEN,
    REFRESH_TOKEN_LIFE,
    AccessEntry,
    Claims,
    TokenRejected,
    VerifiedToken,
    VerifiedTokens,
)
from pratique.identity.secrets import hash_secret, new_secret, secret_matches
from pratique.identity.sign_in import SignedIn, SignInFailure, SignInRefused, sign_in
from pratique.identity.signing_keys import KeyRing, new_signing_key
from pratique.identity.user_passwords import UserPasswords

__all__ = [
    "ACCESS_TOKEN",
    "ACCESS_TOKEN_LIFE",
    "NULL_GUID",
    "REFRESH_TOKEN",
    "REFRESH_TOKEN_LIFE",
    "AccessEntry",
    "Account",
    "AdminAccount",
    "Application",
    "BasicCredentials",
    "BearerToken",
    "Claims",
    "Credentials",
    "Directory",
    "FederatedCredential",
    "Group",
    "KeyRing",
    "LdapOrigin",
    "NoCredentials",
    "PasswordHasher",
    "SignInFailure",
    "SignInRefused",
    "SignedIn",
    "SigningKey",
    "StoredCertificate",
    "StoredSecret",
    "TokenAccount",
    "TokenRejected",
    "User",
    "UserPasswords",
    "VerifiedToken",
    "VerifiedTokens",
    "hash_secret",
    "new_secret",
    "new_signing_key",
    "secret_matches",
    "sign_in",
]
