"""Composition root: settings -> Services -> Flask app; the only wiring."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request

from identity import settings as settings_module
from identity.flows import housekeeping, put_off
from identity.flows.actions import end_user_actions
from identity.flows.configuration.configurations import Configurations
from identity.flows.configuration.system_configurations import SystemConfigurations
from identity.flows.courier import Courier, Deliver
from identity.flows.events import announce, deliver_system_event, deliver_webhook
from identity.flows.login.login_traces import LoginTraces
from identity.flows.mail import deliver_mail, deliver_message, send_mail, send_message
from identity.flows.rounds import Rounds
from identity.flows.services import Services
from identity.flows.users import delete_unverified
from identity.http import body
from identity.http.cors import guard_origins
from identity.http.docs import docs_page
from identity.http.fusionauth import PAGES
from identity.http.fusionauth.event_wire import event_wire
from identity.http.fusionauth.respond import register_error_handlers
from identity.http.fusionauth.routes import fixed_paths, services_of
from identity.http.fusionauth.schemas.system_configuration import default_settings
from identity.http.hosted_backend import session as hosted_session
from identity.http.hosted_backend import sign_in as hosted_sign_in
from identity.http.limits import HeaderLimits
from identity.http.metrics import Metrics
from identity.http.oauth import endpoints as oauth
from identity.http.observation import observe
from identity.http.openapi import describe
from identity.http.pages import (
    assets,
    callback,
    change_password,
    complete_registration,
    forgot_password,
    logout,
    pending_link,
    register,
    sign_in,
    step_up,
    stopped,
    two_factor,
    two_factor_enable,
    verification_required,
    verify,
)
from identity.http.pages.errors import register_routing_errors
from identity.http.rocketchat import BLUEPRINTS as ROCKETCHAT
from identity.http.rocketchat.errors import guard_unknown
from identity.http.tracing import TRACE_ID, leaves_trace
from identity.logs import configure_logging
from identity.outbound.callout import Caller
from identity.outbound.guard import Guard
from identity.outbound.http import Client
from identity.outbound.ldap import Directory
from identity.outbound.reconcile import LambdaPool
from identity.outbound.smtp import Smtp
from identity.runtime import Runtime
from identity.sealing import GENERATED_KEY_ID, Sealer, read_key_file
from identity.settings import BadSettings, Settings
from identity.store.db import Database
from identity.store.development_clock import DevelopmentClock
from identity.store.outbox import SYSTEM_EVENT

ROUNDS: tuple[tuple[str, Callable[[Services], object], float], ...] = (
    ("deletion of the unverified", delete_unverified.delete_unverified, delete_unverified.EVERY_SECONDS),
    ("ends of user actions", end_user_actions.end_due_actions, end_user_actions.EVERY_SECONDS),
    ("housekeeping", housekeeping.keep_house, housekeeping.EVERY_SECONDS),
)
"""What every worker does beside its requests, and how often."""

HOSTED = (
    assets.blueprint,
    callback.blueprint,
    change_password.blueprint,
    complete_registration.blueprint,
    forgot_password.blueprint,
    hosted_session.blueprint,
    hosted_sign_in.blueprint,
    logout.blueprint,
    pending_link.blueprint,
    register.blueprint,
    sign_in.blueprint,
    step_up.blueprint,
    stopped.blueprint,
    two_factor.blueprint,
    two_factor_enable.blueprint,
    verification_required.blueprint,
    verify.blueprint,
)
"""Pages for people, and the backend for applications that are nothing but pages."""

DELIVERERS: Mapping[str, Deliver] = {
    announce.KIND: deliver_webhook.deliver,
    SYSTEM_EVENT: deliver_system_event.deliver,
    put_off.KIND: put_off.deliver,
    send_mail.KIND: deliver_mail.deliver,
    send_message.KIND: deliver_message.deliver,
}
"""Who delivers what the outbox holds."""

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def require_installation(settings: Settings, runtime: Runtime) -> Sealer:
    """The encryption keys of an installation that may be served. Raises BadSettings, BadKeyFile."""
    sealer = read_key_file(settings.secret_key_path, runtime.random_bytes)
    if not settings.database.url:
        raise BadSettings("The setting 'database.url' (IDENTITY_DATABASE_URL) is not set: name a PostgreSQL database.")
    if not settings.development and GENERATED_KEY_ID in sealer.keys:
        raise BadSettings(
            f"The key file {settings.secret.key_file} holds a key that `identity dev` generated ({GENERATED_KEY_ID}). "
            "Production needs a key of its own: README, In production, says how to make one."
        )
    return sealer


def build_services(settings: Settings, runtime: Runtime | None = None) -> Services:
    """Everything a process needs, opened. Raises BadSettings, BadKeyFile."""
    runtime = runtime or Runtime()
    sealer = require_installation(settings, runtime)
    clock = DevelopmentClock(settings.database.url, runtime) if settings.development else None
    if clock is not None:
        runtime = replace(runtime, now=clock.now)
    database = Database(settings.database.url, pool_size=settings.database.pool_size, prepare=settings.database.prepare)
    database.open()
    return Services(
        settings=settings,
        db=database,
        sealer=sealer,
        runtime=runtime,
        http=Client(settings.x, settings.threads, runtime),
        lambdas=LambdaPool(settings.lambda_, runtime),
        configurations=Configurations(database, sealer, settings.base_url),
        directory=Directory(runtime, settings.threads),
        caller=Caller(runtime, Guard(settings.webhook.allow_private, settings.webhook.networks)),
        smtp=Smtp(runtime.monotonic, urlsplit(settings.base_url).hostname or "localhost"),
        courier=Courier(),
        deliverers=DELIVERERS,
        present_event=event_wire,
        traces=LoginTraces(database),
        system=SystemConfigurations(database, default_settings()),
        clock=clock,
    )


def create_app(services: Services) -> Flask:
    """The Flask application with every front end."""
    app = Flask("identity", static_folder=None)
    app.extensions["identity"] = services
    app.url_map.strict_slashes = False  # the TypeScript client sends a slash for an empty id
    app.url_map.merge_slashes = False
    app.config["MAX_CONTENT_LENGTH"] = body.READ_AT_MOST
    api = describe(app)
    for page in PAGES:
        api.register_blueprint(page.blueprint)
    api.register_blueprint(oauth.blueprint)
    app.register_blueprint(docs_page(api))
    for blueprint in (*HOSTED, *ROCKETCHAT):
        app.register_blueprint(blueprint)
    app.extensions["identity.fixed_paths"] = fixed_paths(PAGES)
    register_error_handlers(app)
    register_routing_errors(app)
    app.extensions["identity.metrics"] = metrics = Metrics()
    observe(app, services, metrics)
    guard_origins(app)
    guard_unknown(app)
    app.after_request(_finish)
    return app


def _finish(response: Response) -> Response:
    """The headers every API answer carries (security section 11)."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    status = g.get("verdict", response.status_code)  # a page is answered otherwise than the login it stands for
    if "trace" in g and leaves_trace(g.trace, status):
        response.headers[TRACE_ID] = g.trace.id
        services_of(current_app).traces.keep(g.trace.ended(status))
    if request.method == "OPTIONS" and response.status_code == 200:
        response.headers.pop("Content-Type", None)  # Flask's own answer has no body, and yet a type
    return response


def application() -> Wsgi:
    """The WSGI factory a server calls in each worker: settings from the environment."""
    settings = settings_module.load()
    configure_logging(settings.log.level, settings.log.format)
    services = build_services(settings)
    services.courier.start(services)
    atexit.register(services.courier.close)
    for name, work, every_seconds in ROUNDS:
        Rounds(name, partial(work, services), every_seconds).start()
    return HeaderLimits(create_app(services), services.runtime.new_id)
