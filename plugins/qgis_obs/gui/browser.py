"""The connections in QGIS's browser: server → collections, each a layer to be dragged onto the map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import (
    QgsDataCollectionItem,
    QgsDataItem,
    QgsDataItemProvider,
    QgsDataProvider,
    QgsErrorItem,
    QgsLayerItem,
)
from qgis.PyQt import sip
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QAction

from ..core.errors import PluginError
from ..core.log import warn
from ..core.processes import words
from ..core.servers import Server, activate
from ..core.session import Session
from ..core.texts import tr
from .connection_form import ConnectionForm

ICON = str(Path(__file__).parent.parent / "resources" / "icon.svg")
PAGE = 10_000


class BrowserProvider(QgsDataItemProvider):
    """Puts one item at the root of the browser."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.root: Root | None = None

    def name(self) -> str:
        """Return the provider's key."""
        return "obs"

    def capabilities(self) -> int:
        """Return what it holds: things on a network."""
        return QgsDataProvider.DataCapability.Net

    def createDataItem(self, path: str, parent: QgsDataItem | None) -> QgsDataItem | None:
        """Return the root item."""
        if path:
            return None
        self.root = Root(self.session, parent)
        return self.root

    def refresh(self) -> None:
        """Show connections that changed."""
        if self.root is not None and not sip.isdeleted(self.root):
            self.root.depopulate()
            self.root.refresh()


class Root(QgsDataCollectionItem):
    """The connections."""

    def __init__(self, session: Session, parent: QgsDataItem | None) -> None:
        super().__init__(parent, tr("Observatory"), "/obs", "obs")
        self.session = session
        self.setIcon(QIcon(ICON))

    def createChildren(self) -> list[QgsDataItem]:
        """Return an item a connection; QGIS calls it in a thread."""
        return [ServerItem(self.session, self, server) for server in self.session.servers()]

    def actions(self, parent: Any) -> list[QAction]:
        """Return what the context menu offers."""
        action = QAction(tr("New connection…"), parent)
        action.triggered.connect(lambda: ConnectionForm(self.session).exec())
        return [action]


class ServerItem(QgsDataCollectionItem):
    """A connection."""

    def __init__(self, session: Session, parent: QgsDataItem, server: Server) -> None:
        super().__init__(parent, server.name, f"/obs/{server.id}", "obs")
        self.session, self.server = session, server
        self.setIcon(QIcon(ICON))
        self.setToolTip(server.url)

    def createChildren(self) -> list[QgsDataItem]:
        """Return an item a collection, or why there are none; QGIS calls it in a thread."""
        try:
            said = self.session.client(self.server, timeout_s=15).get_json("collections")
        except PluginError as error:
            warn(f"{error}\n{error.details}")
            return [QgsErrorItem(self, str(error), f"{self.path()}/error")]
        collections = said.get("collections") if isinstance(said, dict) else None
        return [self._layer(each) for each in collections or [] if _has_items(each)]

    def _layer(self, collection: dict[str, Any]) -> QgsLayerItem:
        id_ = str(collection["id"])
        auth = f" authcfg='{self.server.authcfg}'" if self.server.authcfg else ""
        uri = f"url='{self.server.url}' typename='{id_}' pagingEnabled='true' pageSize='{PAGE}'{auth}"
        item = QgsLayerItem(
            self,
            words(collection.get("title"), id_),
            f"{self.path()}/{id_}",
            uri,
            QgsLayerItem.LayerType.Vector,
            "OAPIF",
        )
        item.setToolTip(words(collection.get("description")))
        item.setState(QgsDataItem.State.Populated)
        return item

    def actions(self, parent: Any) -> list[QAction]:
        """Return what the context menu offers."""
        use, change = QAction(tr("Use"), parent), QAction(tr("Change…"), parent)
        use.triggered.connect(self._use)
        change.triggered.connect(lambda: ConnectionForm(self.session, self.server).exec())
        return [use, change]

    def _use(self) -> None:
        activate(self.server.id)
        self.session.servers_changed.emit()


def _has_items(collection: Any) -> bool:
    """Tell collections of features from coverages and records, which QGIS opens as invalid layers."""
    if not isinstance(collection, dict) or not collection.get("id"):
        return False
    links = collection.get("links") or []
    items = any(isinstance(link, dict) and link.get("rel") in ("items", "http://www.opengis.net/def/rel/ogc/1.0/items")
                for link in links)  # fmt: skip
    return items and collection.get("itemType", "feature") == "feature"
