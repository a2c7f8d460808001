"""The image itself, and the way to its layers."""

from __future__ import annotations

from tests.diagnosis.bed.certificates import Shown
from tests.diagnosis.bed.content import MANIFEST, digest_of
from tests.diagnosis.bed.harness import Case, Question, Verdict, Wish, case, twin
from tests.diagnosis.bed.hosting import HOST, IMAGE, pull, registry_at
from tests.diagnosis.bed.registries import Registry, on
from tests.diagnosis.bed.servers import Reply, Site
from tests.diagnosis.bed.stage import Stage
from tests.diagnosis.bed.wording import errors

_STORAGE = "storage.example.net"
_XML = (("Content-Type", "application/xml"),)
_TWO_WAYS = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>InvalidArgument</Code><Message>Only one '
    b"auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
    b"parameter or the Authorization header should be specified</Message></Error>"
)
_DENIED = (
    b'<?xml version="1.0" encoding="utf-8"?><Error><Code>AuthorizationFailure</Code><Message>This '
    b"request is not authorized to perform this operation.</Message></Error>"
)
_AZURE_TWO_WAYS = (
    b'<?xml version="1.0" encoding="utf-8"?><Error><Code>InvalidAuthenticationInfo</Code><Message>'
    b"Authentication information is not given in the correct format. Check the value of "
    b"Authorization header.</Message></Error>"
)


def _public(stage: Stage) -> Registry:
    registry = registry_at(stage, HOST)
    registry.public = {IMAGE: {"pull"}}
    return registry


def _other_platforms(stage: Stage) -> Question:
    _public(stage).holds(IMAGE).add_index("many", ["linux/arm64/v8", "windows/amd64"])
    return pull(tag="many")


def _wished_platform_absent(stage: Stage) -> Question:
    _public(stage).holds(IMAGE).add_index("many", ["linux/arm64/v8", "linux/amd64"])
    return Question(Wish(f"{HOST}/{IMAGE}:many", platform="linux/s390x"))


def _this_platform(stage: Stage) -> Question:
    _public(stage).holds(IMAGE).add_index("many", ["linux/arm64/v8", "linux/amd64"])
    return pull(tag="many")


def _altered(stage: Stage) -> Question:
    registry = _public(stage)
    content = registry.repositories[IMAGE]
    digest = digest_of(content.manifests["1"][1])
    content.manifests[digest] = MANIFEST, content.manifests["1"][1] + b"\n"
    return Question(Wish(f"{HOST}/{IMAGE}@{digest}"))


def _altered_by_tag(stage: Stage) -> Question:
    registry = _public(stage)
    kind, body = registry.repositories[IMAGE].manifests["1"]
    marks = (("Content-Type", kind), ("Docker-Content-Digest", digest_of(b"another")))
    registry.bends.append(
        lambda asked: (
            Reply(200, body, marks)
            if asked.path.endswith("/manifests/1") and asked.bearer
            else None
        )
    )
    return pull()


def _by_digest(stage: Stage) -> Question:
    content = _public(stage).repositories[IMAGE]
    return Question(Wish(f"{HOST}/{IMAGE}@{digest_of(content.manifests['1'][1])}"))


def _stored_elsewhere(stage: Stage) -> Registry:
    registry = _public(stage)
    registry.blob_location = lambda digest: f"https://{_STORAGE}/{digest}?sig=x"
    return registry


def _storage(stage: Stage, reply: Reply) -> Question:
    _stored_elsewhere(stage)
    stage.serve(_STORAGE, Site(lambda _: reply))
    return pull()


def _storage_silent(stage: Stage) -> Question:
    _stored_elsewhere(stage)
    stage.network.silent.update(stage.name(_STORAGE))
    return pull()


def _storage_without_name(stage: Stage) -> Question:
    _stored_elsewhere(stage)
    return pull()


def _storage_behind_strange_certificate(stage: Stage) -> Question:
    _stored_elsewhere(stage)
    site = Site(lambda _: Reply(206, b"a"))
    stage.serve(_STORAGE, site, shown=Shown((_STORAGE,), trusted=False))
    return pull()


def _storage_denies(stage: Stage) -> Question:
    return _storage(stage, Reply(403, _DENIED, _XML))


def _storage_gives(stage: Stage) -> Question:
    return _storage(stage, Reply(206, b"a", (("Content-Range", "bytes 0-0/18"),)))


def _storage_gets_two(stage: Stage) -> Question:
    return _storage(stage, Reply(400, _TWO_WAYS, _XML))


def _azure_storage_gets_two(stage: Stage) -> Question:
    return _storage(stage, Reply(403, _AZURE_TWO_WAYS, _XML))


def _layer_gone(stage: Stage) -> Question:
    _public(stage).repositories[IMAGE].blobs.clear()
    return pull()


def _layer_fails(stage: Stage) -> Question:
    failing = errors(503, "UNAVAILABLE", "service unavailable")
    _public(stage).bends.append(on("/v2/.+/blobs/.*", failing))
    return pull()


def _whole(stage: Stage) -> Question:
    _public(stage)
    return pull()


def _foreign(stage: Stage) -> Question:
    layer = {
        "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "digest": digest_of(b"windows"),
        "size": 7,
        "urls": ["https://mcr.example.org/v2/windows/blobs/x"],
    }
    _public(stage).holds(IMAGE).add_image("windows", more_layers=[layer])
    return pull(tag="windows")


CASES: tuple[Case, ...] = (
    case("40: others only", _other_platforms, Verdict.PROVEN, "platform-not-in-index"),
    case("40: not the wished", _wished_platform_absent, Verdict.PROVEN, "platform-not-in-index"),
    twin("40: this one", _this_platform, Verdict.WELL, of="platform-not-in-index"),
    case("digest-mismatch: by digest", _altered, Verdict.PROVEN, "digest-mismatch"),
    case("digest-mismatch: by tag", _altered_by_tag, Verdict.PROVEN, "digest-mismatch"),
    twin("digest-mismatch: as it should be", _by_digest, Verdict.WELL, of="digest-mismatch"),
    case("53: silent", _storage_silent, Verdict.PROVEN, "blob-storage-blocked"),
    case("53: no name", _storage_without_name, Verdict.PROVEN, "blob-storage-blocked"),
    case("53: denied", _storage_denies, Verdict.PROVEN, "blob-storage-blocked"),
    case(
        "53: strange certificate",
        _storage_behind_strange_certificate,
        Verdict.PROVEN,
        "blob-storage-blocked",
    ),
    twin("53: it gives", _storage_gives, Verdict.WELL, of="blob-storage-blocked"),
    case("78: Amazon's words", _storage_gets_two, Verdict.PROVEN, "redirect-carries-authorization"),
    case(
        "78: Azure's words",
        _azure_storage_gets_two,
        Verdict.PROVEN,
        "redirect-carries-authorization",
    ),
    twin("78: it gives", _storage_gives, Verdict.WELL, of="redirect-carries-authorization"),
    twin(
        "78: denied for another reason",
        _storage_denies,
        Verdict.PROVEN,
        "blob-storage-blocked",
        of="redirect-carries-authorization",
    ),
    case("layer-missing", _layer_gone, Verdict.PROVEN, "layer-missing"),
    twin("layer-missing: whole", _whole, Verdict.WELL, of="layer-missing"),
    case("server-error: layer", _layer_fails, Verdict.PROVEN, "server-error"),
    case("97: foreign layer", _foreign, Verdict.WELL, "foreign-layer"),
    twin("97: none", _whole, Verdict.WELL, of="foreign-layer"),
)
