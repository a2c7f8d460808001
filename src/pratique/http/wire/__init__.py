"""Forms of the wire: errors, challenges, ranges, pages, credentials.

Promises: text of the wire becomes values and back, and nothing else happens. Refuses to know:
which server speaks, and what a route does.
"""
