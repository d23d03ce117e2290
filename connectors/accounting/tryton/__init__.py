"""Tryton, which its owner runs: moves of one company, over the server's JSON-RPC."""
