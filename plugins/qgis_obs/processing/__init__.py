"""The processes of a server as algorithms of QGIS."""
