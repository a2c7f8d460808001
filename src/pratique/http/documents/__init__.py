"""What the registry takes and gives, as OpenAPI 3.1, made from the tables that serve it.

Promises: every row of a table is in its document, with the types that its operation is given and
gives; a document is made once in a process, when somebody asks. Refuses to know: what an operation
does.
"""

from pratique.http.documents.endpoint import Documents, document_rows

__all__ = ["Documents", "document_rows"]
