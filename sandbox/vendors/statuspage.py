"""Statuspage on loopback: the part of the Manage API that is used.

What is required, allowed and answered is as in Statuspage's OpenAPI document (developer.statuspage.io).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from aiohttp import web

from sandbox.vendors.system import Body, FakeSystem

KEY, PAGE = "obviously-not-a-key", "kctbh9vrtdwd"
STATUSES = ("investigating", "identified", "monitoring", "resolved")
COMPONENT_STATUSES = ("operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage", "")
FIELDS = {
    "name",
    "status",
    "impact_override",
    "metadata",
    "deliver_notifications",
    "body",
    "components",
    "component_ids",
}


@dataclass
class StatuspageSystem(FakeSystem):
    """One page with two components."""

    components: dict[str, Body] = field(
        default_factory=lambda: {
            name: {"id": name, "page_id": PAGE, "name": title, "status": "operational"}
            for name, title in (("8kbf7d35c070", "Checkout"), ("vtnh60py4yd7", "API"))
        }
    )
    incidents: dict[str, Body] = field(default_factory=dict)
    pages: str = "https://stspg.io"
    """Where customers read it in a browser."""
    told: list[str] = field(default_factory=list)
    """The texts of which subscribers heard."""

    def routes(self, router: web.UrlDispatcher) -> None:
        """Those that are called."""
        router.add_get("/v1/pages/{page}", self._page)
        router.add_get("/v1/pages/{page}/components", self._components)
        router.add_get("/v1/pages/{page}/incidents", self._list)
        router.add_post("/v1/pages/{page}/incidents", self._create)
        router.add_get("/v1/pages/{page}/incidents/{id}", self._get)
        router.add_patch("/v1/pages/{page}/incidents/{id}", self._update)

    @property
    def api_url(self) -> str:
        """The base of the API."""
        return f"{self.url}/v1"

    def refused(self, request: web.Request) -> web.Response | None:
        """Whoever has no key, or asks for another page."""
        if request.headers.get("Authorization") != f"OAuth {KEY}":
            return web.json_response({"error": "Could not authenticate"}, status=401)
        if request.path.split("/")[3] != PAGE:
            return web.json_response({"error": "not found"}, status=404)
        return None

    def write(self, name: str, status: str, body: str) -> Body:
        """Somebody writes on the page."""
        return self._written(self.incidents[name], {"status": status, "body": body, "deliver_notifications": False})

    def _written(self, incident: Body, wanted: Body) -> Body:
        incident |= {each: wanted[each] for each in ("name", "status", "metadata") if each in wanted}
        incident["updated_at"] = self.today()
        update = {
            "id": f"{incident['id']}{len(incident['incident_updates']):03}",
            "incident_id": incident["id"],
            "body": wanted.get("body") or "",
            "status": incident["status"],
            "created_at": self.today(),
            "deliver_notifications": wanted.get("deliver_notifications", True),
        }
        incident["incident_updates"].insert(0, update)
        for name, status in (wanted.get("components") or {}).items():
            self.components[name]["status"] = status or self.components[name]["status"]
        if update["deliver_notifications"]:
            self.told.append(update["body"])
        return update

    async def _page(self, _request: web.Request) -> web.Response:
        return web.json_response({"id": PAGE, "name": "Example", "subdomain": "example"})

    async def _components(self, _request: web.Request) -> web.Response:
        return web.json_response([*self.components.values()])

    async def _list(self, request: web.Request) -> web.Response:
        limit = min(int(request.query.get("limit", 100)), 100)
        return web.json_response([*self.incidents.values()][::-1][:limit])

    async def _get(self, request: web.Request) -> web.Response:
        found = self.incidents.get(request.match_info["id"])
        return web.json_response(found) if found else web.json_response({"error": "not found"}, status=404)

    async def _create(self, request: web.Request) -> web.Response:
        wanted = (await request.json()).get("incident") or {}
        wrong = self._wrong(wanted)
        if not wanted.get("name") or len(wanted["name"]) > 255:
            wrong.append("Name can't be blank")
        if wrong:
            return web.json_response({"error": wrong}, status=422)
        name = f"p31zjtct{len(self.incidents):04}"
        self.incidents[name] = {
            "id": name,
            "page_id": PAGE,
            "status": "investigating",
            "shortlink": f"{self.pages}/{name}",
            "created_at": self.today(),
            "incident_updates": [],
            "metadata": {},
        }
        self._written(self.incidents[name], wanted)
        return web.json_response(self.incidents[name], status=201)

    async def _update(self, request: web.Request) -> web.Response:
        found, wanted = self.incidents.get(request.match_info["id"]), (await request.json()).get("incident") or {}
        if found is None:
            return web.json_response({"error": "not found"}, status=404)
        if wrong := self._wrong(wanted):
            return web.json_response({"error": wrong}, status=422)
        self._written(found, wanted)
        return web.json_response(found)

    def _wrong(self, wanted: Body) -> list[str]:
        wrong = [f"{name} is not a field" for name in wanted.keys() - FIELDS]
        if wanted.get("status", "investigating") not in STATUSES:
            wrong.append("Status is not included in the list")
        if len(wanted.get("body") or "") > 25_000:
            wrong.append("Body is too long")
        for name, status in (wanted.get("components") or {}).items():
            if name not in self.components or status not in COMPONENT_STATUSES:
                wrong.append("Component is invalid")
        if not set(wanted.get("component_ids") or ()) <= self.components.keys():
            wrong.append("Component is invalid")
        if any(not isinstance(each, dict) for each in (wanted.get("metadata") or {}).values()):
            wrong.append("Metadata values must be objects")
        return wrong
