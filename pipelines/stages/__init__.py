"""The work of each asset, without Dagster: normalise, build, publish, reconcile.

A stage works on a half-open window of one connection and reports day by day; a bad day or document
fails alone. The command line and the benchmarks call the same functions as the assets.
"""
