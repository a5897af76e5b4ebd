"""For schemathesis: requests about records that exist, and no client that will not wait."""

import json
import os
import random
import time
import urllib.request

import schemathesis

# How long a list of names is good, in seconds: records are made all the time.
GOOD_FOR = 5
_seen = {}
_found = {}


def _names(collection):
    """The last parts of the names that a collection has."""
    until, names = _seen.get(collection, (0, []))
    if time.monotonic() < until:
        return names
    request = urllib.request.Request(
        f"{os.environ['LEGATION_URL']}{collection}?pageSize=50&orderBy=createTime%20desc",
        headers={"Authorization": f"Bearer {os.environ['LEGATION_KEY']}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            lists = [value for value in json.load(answer).values() if isinstance(value, list)]
        names = [record["name"].rsplit("/", 1)[1] for record in (lists[0] if lists else [])]
    except (OSError, ValueError, KeyError, TypeError):
        # What is not a collection has no names; what is wrong with one, the fuzzer itself finds.
        names = []
    _seen[collection] = (time.monotonic() + GOOD_FOR, names)
    return names


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Most requests are about records that exist: the others are all answered 404."""
    path = context.operation.path
    for name in list(path_parameters or {}):
        collection, found, _ = path.partition("/{%s}" % name)
        names = _names(collection) if found and "{" not in collection else []
        if names and random.random() < 0.8:
            path_parameters[name] = random.choice(names)
    return path_parameters


def _collections(paths):
    """Where records are listed, by what a field calls one of them: `mission` in `/v1/accreditation/missions`."""
    if not _found:
        for path in paths:
            collection, found, rest = path.rpartition("/{")
            if found and rest.endswith("}") and "{" not in collection:
                _found.setdefault(rest[:-1], collection)
    return _found


@schemathesis.hook
def map_body(context, body):
    """What a record says it belongs to mostly exists, or nothing but refusals would be tried."""
    if isinstance(body, dict):
        collections = _collections(context.operation.schema.raw_schema["paths"])
        for field, value in body.items():
            if isinstance(value, str) and field in collections and random.random() < 0.8:
                names = _names(collections[field])
                if names:
                    body[field] = f"{collections[field].rsplit('/', 1)[1]}/{random.choice(names)}"
    return body


@schemathesis.hook
def map_headers(context, headers):
    """A client that gives us a thousandth of a second is answered 504, and rightly so."""
    if headers:
        headers.pop("Request-Timeout", None)
    return headers
