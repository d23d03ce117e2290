"""The pipelines: assets, checks, sensors and stages; the only package that imports Dagster."""
