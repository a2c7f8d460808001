"""The wire, and nothing but the wire: HTTP requests in, HTTP responses out.

Promises: every request is parsed, judged and answered in the forms that clients of ACR and of the
OCI distribution specification know. Refuses to know: where anything is stored.
"""
