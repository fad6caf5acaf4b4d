"""The residents' pages: made by the server, whole without a script, made quicker by small modules of `web/citizen/`."""
