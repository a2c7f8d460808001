"""What service principals prove themselves by besides secrets: certificates, outside tokens."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from pratique.admission.changes.applications import find
from pratique.admission.changes.draft import Draft, display_name
from pratique.admission.errors import AlreadyExists, NotFound, Unacceptable
from pratique.identity import Application, FederatedCredential, StoredCertificate
from pratique.identity.certificates import UnacceptableCertificate, read_certificate
from pratique.identity.federation import check_subject
from pratique.naming.errors import printable

MAX_CERTIFICATES = 20
MAX_FEDERATED = 20
EXCHANGE_AUDIENCE = "api://AzureADTokenExchange"
"""The audience that clients ask outside issuers for by custom."""
_MAX_TEXT_LENGTH = 1024


def create_with_certificate(draft: Draft, name: str, pem: str) -> Application:
    """A new application with a service principal, a certificate and no secret.

    Raises:
        Unacceptable: it is no certificate that an application can have.
    """
    certificate = _certificate(draft, "default", pem)
    application = Application(
        object_id=draft.new_id(),
        client_id=draft.new_id(),
        display_name=display_name(name),
        created_at=draft.at,
        certificates=(certificate,),
    )
    draft.put(application)
    return application


def add_certificate(draft: Draft, reference: str, name: str, pem: str) -> StoredCertificate:
    """One more certificate beside those that stand; expired ones are dropped.

    Raises:
        Unacceptable: it is no certificate that an application can have, or there are 20 already.
        AlreadyExists: the application has it already.
    """
    application = _with_own_credentials(draft, reference)
    certificate = _certificate(draft, display_name(name), pem)
    standing = tuple(c for c in application.certificates if c.expires_at > draft.at)
    if any(c.pem == certificate.pem for c in standing):
        raise AlreadyExists(
            f"`{application.display_name}` has the certificate `{certificate.thumbprint}` already"
        )
    if len(standing) >= MAX_CERTIFICATES:
        raise Unacceptable(
            f"`{application.display_name}` has {MAX_CERTIFICATES} certificates; remove one"
        )
    draft.put(msgspec.structs.replace(application, certificates=(*standing, certificate)))
    return certificate


def remove_certificate(draft: Draft, reference: str, certificate: str) -> StoredCertificate:
    """Take away the certificate of that id, thumbprint or, if it is the only one so called, name.

    Raises:
        NotFound: it has no such certificate.
    """
    application = find(draft, reference)
    wanted = certificate.casefold()
    matching = [
        c
        for c in application.certificates
        if wanted in {c.certificate_id, c.thumbprint.casefold(), c.name.casefold()}
    ]
    if len(matching) != 1:
        problem = "several certificates" if matching else "no certificate"
        raise NotFound(
            f"`{application.display_name}` has {problem} called `{printable(certificate)}`; "
            f"`pratique sp certificate list {printable(reference)}` shows their ids"
        )
    kept = tuple(c for c in application.certificates if c is not matching[0])
    draft.put(msgspec.structs.replace(application, certificates=kept))
    return matching[0]


@dataclass(frozen=True, slots=True)
class NewFederatedCredential:
    """Whose tokens shall stand for an application.

    Attributes:
        name: empty to take the subject.
        pattern: whether `*` in `subject` stands for more than itself.
    """

    issuer: str
    subject: str
    audience: str = EXCHANGE_AUDIENCE
    name: str = ""
    pattern: bool = False


def add_federated_credential(
    draft: Draft, reference: str, wanted: NewFederatedCredential
) -> FederatedCredential:
    """One more federated credential. The issuer may be trusted before or afterwards.

    Raises:
        Unacceptable: the issuer is no URL, the audience is empty, a `*` stands in what is no
            pattern, or there are 20 already.
        InvalidName: no token can have the subject, or the pattern takes in strangers.
        AlreadyExists: the application has the same one.
    """
    application = _with_own_credentials(draft, reference)
    _check_text("issuer", wanted.issuer)
    _check_text("audience", wanted.audience)
    if not wanted.issuer.startswith(("https://", "http://", "spiffe://")):
        raise Unacceptable(
            f"the issuer `{printable(wanted.issuer)}` is no URL; write the `iss` of its tokens"
        )
    check_subject(wanted.subject, pattern=wanted.pattern)
    if "*" in wanted.subject and not wanted.pattern:
        raise Unacceptable(
            f"the subject `{printable(wanted.subject)}` has a `*`, which would stand for itself; "
            "say that it is a pattern"
        )
    for held in application.federated:
        same = (held.issuer, held.subject, held.audience, held.pattern)
        if same == (wanted.issuer, wanted.subject, wanted.audience, wanted.pattern):
            raise AlreadyExists(
                f"`{application.display_name}` has this federated credential already: `{held.name}`"
            )
    if len(application.federated) >= MAX_FEDERATED:
        raise Unacceptable(
            f"`{application.display_name}` has {MAX_FEDERATED} federated credentials; remove one"
        )
    credential = FederatedCredential(
        credential_id=draft.new_id(),
        name=display_name(wanted.name or wanted.subject[:256]),
        issuer=wanted.issuer,
        subject=wanted.subject,
        audience=wanted.audience,
        created_at=draft.at,
        pattern=wanted.pattern,
    )
    federated = (*application.federated, credential)
    draft.put(msgspec.structs.replace(application, federated=federated))
    return credential


def remove_federated_credential(
    draft: Draft, reference: str, credential: str
) -> FederatedCredential:
    """Take away the federated credential of that id or, if it is the only one so called, name.

    Raises:
        NotFound: it has no such credential.
    """
    application = find(draft, reference)
    matching = [f for f in application.federated if credential in {f.credential_id, f.name}]
    if len(matching) != 1:
        problem = "several federated credentials" if matching else "no federated credential"
        raise NotFound(
            f"`{application.display_name}` has {problem} called `{printable(credential)}`; "
            f"`pratique sp federated-credential list {printable(reference)}` shows their ids"
        )
    kept = tuple(f for f in application.federated if f is not matching[0])
    draft.put(msgspec.structs.replace(application, federated=kept))
    return matching[0]


def _with_own_credentials(draft: Draft, reference: str) -> Application:
    """The service principal that `reference` means, when credentials can be given to it.

    Raises:
        Unacceptable: it is a managed identity, whose host proves it.
    """
    application = find(draft, reference)
    if application.resource_id:
        raise Unacceptable(
            f"`{application.display_name}` is a managed identity, which has no credentials of its "
            "own; `pratique identity assign` gives it to a host"
        )
    return application


def _certificate(draft: Draft, name: str, pem: str) -> StoredCertificate:
    try:
        read = read_certificate(pem)
    except UnacceptableCertificate as error:
        raise Unacceptable(str(error)) from error
    if read.expires_at <= draft.at:
        raise Unacceptable(f"the certificate expired at {read.expires_at:%Y-%m-%d %H:%M} UTC")
    return StoredCertificate(
        certificate_id=draft.new_id(),
        name=name,
        pem=read.pem,
        thumbprint=read.sha1.hex().upper(),
        created_at=draft.at,
        expires_at=read.expires_at,
    )


def _check_text(name: str, text: str) -> None:
    if not text.strip() or len(text) > _MAX_TEXT_LENGTH or not text.isprintable():
        raise Unacceptable(f"the {name} has not 1 to {_MAX_TEXT_LENGTH} printable characters")
