"""An identity-provider admin and login service, wire-compatible with FusionAuth's."""

__version__ = "0.1.0"
