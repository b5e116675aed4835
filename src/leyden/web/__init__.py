"""The HTTP API, the live stream and the built control room. No logic of its own: it shows what `runtime` knows."""
