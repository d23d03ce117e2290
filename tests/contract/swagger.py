"""Swagger 2.0 documents, such as Amazon's models, said in OpenAPI 3's words."""

import json
from typing import Any

METHODS = {"get", "put", "post", "delete", "patch"}
# What Swagger 2.0 writes beside a parameter's name, OpenAPI 3 writes into its schema.
BESIDE = {"name", "in", "description", "required", "x-example"}
PLACES = {"definitions": "schemas", "parameters": "parameters", "responses": "responses"}


def converted(swagger: dict[str, Any]) -> dict[str, Any]:
    """The same contract as OpenAPI 3: its schemas, parameters, bodies and answers."""
    moved = json.dumps(swagger)
    for before, after in PLACES.items():
        moved = moved.replace(f'"#/{before}/', f'"#/components/{after}/')
    schema = json.loads(moved)
    return {
        "openapi": "3.0.3",
        "info": schema["info"],
        "paths": {path: _path(item) for path, item in schema["paths"].items()},
        "components": {
            "schemas": schema.get("definitions", {}),
            "parameters": {k: _parameter(p) for k, p in schema.get("parameters", {}).items()},
            "responses": {k: _response(r) for k, r in schema.get("responses", {}).items()},
        },
    }


def _path(item: dict[str, Any]) -> dict[str, Any]:
    return {
        **{method: _operation(item[method]) for method in METHODS & item.keys()},
        "parameters": [_parameter(p) for p in item.get("parameters", [])],
    }


def _operation(operation: dict[str, Any]) -> dict[str, Any]:
    parameters = operation.get("parameters", [])
    bodies = [p for p in parameters if p.get("in") == "body"]
    answers = {status: _response(r) for status, r in operation["responses"].items()}
    converted_operation = {
        "parameters": [_parameter(p) for p in parameters if p not in bodies],
        "responses": answers,
    }
    if not bodies:
        return converted_operation
    content = {"application/json": {"schema": bodies[0]["schema"]}}
    return {**converted_operation, "requestBody": {"required": True, "content": content}}


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in parameter:
        return parameter
    beside = {name: parameter[name] for name in BESIDE & parameter.keys()}
    schema = {name: value for name, value in parameter.items() if name not in BESIDE}
    separated = schema.pop("collectionFormat", "csv") == "csv" and schema.get("type") == "array"
    joined = {"style": "form", "explode": False} if separated and beside["in"] == "query" else {}
    return {**beside, **joined, "schema": schema}


def _response(response: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in response or "schema" not in response:
        return {key: response[key] for key in {"$ref", "description"} & response.keys()}
    content = {"application/json": {"schema": response["schema"]}}
    return {"description": response.get("description", ""), "content": content}
