"""Pages for people: what a refusal means and what to do.

Promises: a page loads nothing from elsewhere and runs no script. Refuses to know: who reads it.
"""

from pratique.http.pages.help import help_page

__all__ = ["help_page"]
