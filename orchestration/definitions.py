"""Dagster's one way in: `dagster dev -m orchestration.definitions`."""

from orchestration.assets.graph import build_definitions
from orchestration.settings import build_settings

defs = build_definitions(build_settings())
