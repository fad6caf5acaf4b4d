"""`obs publish`: what the public may see, as a folder of files that needs no server."""
