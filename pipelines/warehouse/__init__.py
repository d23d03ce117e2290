"""`warehouse.duckdb`: what analysts query, built from the lake by one step and swapped by rename.

`publish_warehouse` brings the file up to date, `query` reads it. Nothing in this package imports
dagster; the asset, its pool and its lock stand around it.
"""

from pipelines.warehouse.publisher import WarehouseReport, publish_warehouse
from pipelines.warehouse.reader import QueryResult, query

__all__ = ["QueryResult", "WarehouseReport", "publish_warehouse", "query"]
