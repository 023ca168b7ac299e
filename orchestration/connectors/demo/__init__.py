"""A made-up company whose truth is known, of any size: to try touchline, and to test it."""

from orchestration.connectors.base import Connector
from orchestration.connectors.demo.extract import extract

CONNECTOR = Connector(name="demo", title="Demo company", extract=extract)
