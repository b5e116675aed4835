"""The HTTP API, the live stream and the built control room. No logic of its own: it shows what `runtime` knows.

    app.py           puts it together: which router needs which role
    *_routes.py      one router an idea; moment, history, manual, mode, lock, why, user, twin, night
    *_models.py      the shapes of what is asked and answered, with units and signs: what OpenAPI shows
    auth.py          who asks and what they may: `Gate`, `Actor`, `by_of`; logins.py, limits.py: how often
    shield.py        around every request: size, headers, the access log; addresses.py: what is not there
    problems.py      refusals, always in both languages; invalid.py, times.py: what makes no sense
    stream.py        one document, sent whole at first and then only as it changes

A new route stands in a router that `app.py` includes with a role, and in the table of tests/web/test_roles.py.
"""
