"""What schemathesis needs to know of this API beside its OpenAPI document. Used by test/integration/system/schemathesis.test.ts."""

import json
import os
import re

import jsonschema_rs
import schemathesis

OWN_ID = int(os.environ["FUZZ_USER_ID"])
WEAK_PASSWORD = r"The password is too easy to guess"
# No NUL in texts; cursors are opaque; two times in their order; passwords that are common.
NO_SCHEMA_SAYS = re.compile(WEAK_PASSWORD + r"|neither the NUL character|Not a cursor of this list|Input should not be before (since|from)")
# Where data that the document allows may be refused by a status of its own, and for what reason: anything else is a fault.
REFUSALS = {
    # Whether a password is common, or the name or address beside it, is in no schema.
    ("POST", "/api/v1/auth/register"): (400, WEAK_PASSWORD),
    ("POST", "/api/v1/users"): (400, WEAK_PASSWORD),
    # Valid tokens exist only in mails.
    ("POST", "/api/v1/auth/reset-password"): (400, r"The reset token is unknown, used or expired"),
    # A made-up tag is seldom the one of the config.
    **{
        operation: (412, r"The config was changed meanwhile")
        for operation in (
            *((method, "/api/v1/tasks/configs/{id}") for method in ("PUT", "PATCH", "DELETE")),
            ("POST", "/api/v1/tasks/schedules/{id}/{action}"),
            ("DELETE", "/api/v1/tasks/schedules/{id}"),
        )
    },
    # An export may be deleted, or expire, between the list that named it and its download.
    ("GET", "/api/v1/exports/{id}/download"): (410, r"The file (was deleted|has expired|is not there any more)"),
}
DEPENDS_ON_THE_TYPE = {"parameters", "schedule_config", "task_params"}
# In the future, not both at once, not against the role.
DEPENDS_ON_ANOTHER = {"expires_at", "expires_in_days", "is_superuser"}
SCHEDULES = {
    "cron": {"cron_expression": "30 3 * * *", "timezone": "Europe/Berlin"},
    "date": {"run_date": "2100-01-01T00:00:00Z"},
    "interval": {"interval_seconds": 3600},
    "manual": {},
}
# By task type; from its examples.
PARAMETERS = json.loads(os.environ["FUZZ_PARAMETERS"])
TRUE = ["true", "1", "yes", "on", "t", "y"]
FALSE = ["false", "0", "no", "off", "f", "n"]


@schemathesis.hook
def filter_case(context, case):
    """The user whose token all requests carry must not lose their rights, their password or their account."""
    if case.method not in ("PATCH", "DELETE") or case.path != "/api/v1/users/{user_id}":
        return True
    return str((case.path_parameters or {}).get("user_id")) != str(OWN_ID)


@schemathesis.hook
def map_body(context, body):
    """A body that is well-formed so far mostly gets a schedule and parameters that its types take, or few configs would ever be made."""
    if context.operation is None or not isinstance(body, dict) or len(str(body)) % 4 == 0:
        return body
    if context.operation.path == "/api/v1/auth/login" and is_valid(context.operation, body):
        return {**body, "username": os.environ["FUZZ_USERNAME"], "password": os.environ["FUZZ_PASSWORD"]}
    for field, by, known in (("schedule_config", "scheduler_type", SCHEDULES), ("parameters", "task_type", PARAMETERS)):
        if by in body and isinstance(body.get(field, {}), dict) and isinstance(body[by], str) and body[by] in known:
            body = {**body, field: known[body[by]]}
    return body


def is_valid(operation, body):
    schema = next((one.raw_schema for one in operation.body if one.media_type == "application/json"), None)
    return schema is not None and jsonschema_rs.validator_for(schema).is_valid(body)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    kind = type(failure).__name__
    if kind == "RejectedPositiveData":
        return not is_refused_by_rule(case, response)
    if kind == "AcceptedNegativeData":
        return not is_valid_when_read_as_a_client_writes(case)
    return True


def is_refused_by_rule(case, response):
    """Well-formed, and yet refused with all faults in what no JSON schema expresses."""
    if response.status_code != 422:
        status, reason = REFUSALS.get((case.method.upper(), case.path), (None, ""))
        return response.status_code == status and re.search(reason, json.loads(response.content)["detail"]) is not None
    faults = json.loads(response.content)["detail"]
    return bool(faults) and all(
        NO_SCHEMA_SAYS.search(fault["msg"])
        # What they hold depends on task_type and scheduler_type.
        or (len(fault["loc"]) > 1 and fault["loc"][1] in DEPENDS_ON_THE_TYPE)
        or (len(fault["loc"]) > 1 and fault["loc"][1] in DEPENDS_ON_ANOTHER and fault["type"] == "value_error")
        # A link that follows the null of an answer, such as config_id of an ad-hoc run.
        or (fault["loc"][0] == "path" and fault["input"] == "None")
        # In the query or in the body.
        or (fault["loc"] == ["query", "token"] and fault["type"] == "missing")
        for fault in faults
    )


def is_valid_when_read_as_a_client_writes(case):
    """Old clients post "5" for 5 and "on", "true", 1 for true; the document has the proper form only."""
    schema = next((body.raw_schema for body in case.operation.body if body.media_type == case.media_type), None)
    if schema is None or not isinstance(case.body, dict):
        return False
    read = {name: read_as(schema.get("properties", {}).get(name, {}), value) for name, value in case.body.items()}
    # As texts: to Python, False is 0.
    return json.dumps(read) != json.dumps(case.body) and jsonschema_rs.validator_for(schema).is_valid(read)


def read_as(schema, value):
    types = {schema.get("type")} | {one.get("type") for one in schema.get("anyOf", [])}
    if "array" in types and isinstance(value, list):
        return [read_as(schema.get("items", {}), item) for item in value]
    if "integer" in types and isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d+\s*", value):
        return int(value)
    text = str(value).lower() if isinstance(value, (str, int)) and not isinstance(value, bool) else None
    if "boolean" in types and text in TRUE + FALSE:
        return text in TRUE
    return value
