"""Reports of residents over HTTP: `/reports`, and the answers to browsers without JavaScript."""
