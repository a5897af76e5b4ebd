"""Reads a machine-readable zone with the package mrz, which is none of ours: its lines in, what it read out, as JSON."""

import json
import sys

from mrz.checker.td3 import TD3CodeChecker

try:
    zone = TD3CodeChecker("\n".join(sys.stdin.read().splitlines()))
    answer = {"valid": bool(zone), "faults": [fault[0] for fault in zone.report.falses], "fields": zone.fields()._asdict()}
except ValueError as error:
    answer = {"valid": False, "faults": [str(error)], "fields": {}}
json.dump(answer, sys.stdout)
