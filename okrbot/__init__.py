"""okrbot audits a backlog against its objectives and key results."""

__version__ = "0.1.0"
