"""Composition root: settings -> Services -> Flask app; the only wiring."""
