"""The observatory inside QGIS, and a client for any server of OGC API - Processes. Licence: GPL-2.0-or-later."""


def classFactory(iface):
    """Return the plugin; QGIS calls it. `iface` is None in `qgis_process`."""
    from .plugin import Plugin

    return Plugin(iface)
