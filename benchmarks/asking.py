"""What `wrk` is told to send when it is not one and the same GET, as Lua."""

from __future__ import annotations

# Threads of `wrk` begin alike; each draws numbers of its own.
_RANDOM = """
local threads = 0
function setup(thread) threads = threads + 1; thread:set("number", threads) end
function init(args) math.randomseed(number * 7919) end
"""


def form(body: str) -> str:
    """A POST of a form, which must hold no quotation mark."""
    return f'wrk.method = "POST"\nwrk.body = "{body}"'


def pieces(size: int, piece: int) -> str:
    """GETs of `piece` bytes at random places of something `size` bytes long."""
    return f"""{_RANDOM}
function request()
  local start = math.random(0, {size - piece})
  wrk.headers["Range"] = string.format("bytes=%d-%d", start, start + {piece - 1})
  return wrk.format()
end
"""


def tag_pages(repositories: int, length: int) -> str:
    """GETs of the first page of tags of random repositories, named as `many_rows` names them."""
    return f"""{_RANDOM}
function request()
  return wrk.format(nil, string.format("/v2/many/repository-%05d/tags/list?n={length}",
    math.random(0, {repositories - 1})))
end
"""


def catalog_pages(repositories: int, length: int) -> str:
    """GETs of pages of the catalog that begin anywhere."""
    return f"""{_RANDOM}
function request()
  return wrk.format(nil, string.format("/v2/_catalog?n={length}&last=many/repository-%05d",
    math.random(0, {repositories - 1})))
end
"""


def any_manifest(repositories: int, tags: int) -> str:
    """GETs of manifests by random tags, named as `many_rows` names them."""
    return f"""{_RANDOM}
function request()
  return wrk.format(nil, string.format("/v2/many/repository-%05d/manifests/v%03d",
    math.random(0, {repositories - 1}), math.random(0, {tags - 1})))
end
"""


def tokens(service: str) -> str:
    """GETs of tokens, each for a repository that nobody has asked for before.

    Args:
        service: the registry's name.
    """
    return f"""{_RANDOM}
function request()
  return wrk.format(nil, string.format(
    "/oauth2/token?service={service}&scope=repository:bench/number-%09d:pull",
    math.random(0, 999999999)))
end
"""
