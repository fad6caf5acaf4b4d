"""Street works and events, pure: clashes found, explained, resolved. Begin with `model`, `clashes` and `resolve`."""
