"""`warehouse.duckdb`: what analysts query, built from the lake by one step and swapped by rename.

`publish_warehouse` brings the file up to date, `query` reads it. Nothing in this package imports
dagster; the asset, its pool and its lock stand around it.
"""

from pipelines.warehouse.publishing import WarehouseReport, publish_warehouse
from pipelines.warehouse.reading import QueryResult, query

__all__ = ["QueryResult", "WarehouseReport", "publish_warehouse", "query"]
