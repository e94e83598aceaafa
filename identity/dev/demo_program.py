"""The demo application as a program beside the service: started once its client is known, or rather guessed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from identity.dev.children import Child, Report
from identity.dev.companions import port_of
from identity.dev.demo import DEMO_APPLICATION_ID, DemoClient, client_at
from identity.dev.installation import DEMO_CLIENT_SECRET, DEMO_URL
from identity.dev.service_api import ServiceApi, ServiceRefused

StartChild = Callable[[str, list[str], dict[str, str]], Child]


class DemoProgram:
    """Runs with what its client will be in all likelihood, and is started once more should that be something else."""

    def __init__(self, url: str, service_url: str, start: StartChild) -> None:
        self.url = url
        self.child: Child | None = None
        self._client: DemoClient | None = None
        self._service_url = service_url
        self._start = start

    def guess(self, secret: str) -> None:
        """Start it as the client that our own kickstart makes."""
        self._run(DemoClient(DEMO_APPLICATION_ID, secret))

    def settle(self, api: ServiceApi, earlier_url: str, report: Report) -> Mapping[str, str]:
        """Run it as the client that the service has, and say what scripts are told of it.

        Without a Demo application, as with a kickstart file of one's own, there is no demo.
        """
        try:
            client = client_at(api, self.url, earlier_url, report)
        except ServiceRefused as refused:
            report(f"there is no demo: {refused}")
            client = None
        self._run(client)
        if client is None:
            return {}
        return {DEMO_URL: self.url, "DEMO_CLIENT_ID": client.id, DEMO_CLIENT_SECRET: client.secret}

    def revive(self, report: Report) -> None:
        """Start it again when it has died: call this often."""
        if self.child is not None:
            self.child.revive(report)

    def _run(self, client: DemoClient | None) -> None:
        if client == self._client:
            return
        if self.child is not None:
            self.child.kill()
        self.child, self._client = None, client
        if client is None:
            return
        command = ["identity.emulators.demo", "--port", str(port_of(self.url))]
        told = {"IDENTITY_URL": self._service_url, "DEMO_CLIENT_ID": client.id, DEMO_CLIENT_SECRET: client.secret}
        self.child = self._start("the demo application", command, {**os.environ, **told})
