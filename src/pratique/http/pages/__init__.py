"""Pages for people: one frame and style, and the page that tells what a refusal means.

Promises: a page loads nothing from elsewhere, needs no script, cannot be framed, and holds nothing
that was not escaped. Refuses to know: who reads it.
"""

from pratique.http.pages.help import help_page
from pratique.http.pages.markup import Markup, element, joined
from pratique.http.pages.page import page

__all__ = ["Markup", "element", "help_page", "joined", "page"]
