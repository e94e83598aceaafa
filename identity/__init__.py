"""An identity-provider admin and login service, wire-compatible with FusionAuth's Twitter login."""

__version__ = "0.1.0"
