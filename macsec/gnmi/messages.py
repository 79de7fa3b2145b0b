"""The messages of gNMI, made from a table of their fields.

They are in a pool of their own: a process may have the modules that others generate beside them.
Fields that this service never reads (extensions, values of type Any) are left out.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "gnmi"
SERVICE = "gnmi.gNMI"
VERSION = "0.10.0"
"""The version of the service whose messages these are."""

_ENUMS = {
    "Encoding": "JSON BYTES PROTO ASCII JSON_IETF",
    "SubscriptionMode": "TARGET_DEFINED ON_CHANGE SAMPLE",
    "ListMode": "STREAM ONCE POLL",
    "DataType": "ALL CONFIG STATE OPERATIONAL",
    "Operation": "INVALID DELETE REPLACE UPDATE UNION_REPLACE",
}
"""Each enumeration and its names, from 0 on."""

_MESSAGES = {
    "Notification": "1 timestamp int64, 2 prefix Path, 4 update *Update, 5 delete *Path, "
    "6 atomic bool",
    "Update": "1 path Path, 3 val TypedValue, 4 duplicates uint32",
    "TypedValue": "1 string_val |string, 2 int_val |int64, 3 uint_val |uint64, 4 bool_val |bool, "
    "5 bytes_val |bytes, 6 float_val |float, 14 double_val |double, 8 leaflist_val |ScalarArray, "
    "10 json_val |bytes, 11 json_ietf_val |bytes, 12 ascii_val |string, 13 proto_bytes |bytes",
    "ScalarArray": "1 element *TypedValue",
    "Path": "1 element *string, 2 origin string, 3 elem *PathElem, 4 target string",
    "PathElem": "1 name string, 2 key map",
    "SubscribeRequest": "1 subscribe |SubscriptionList, 3 poll |Poll",
    "Poll": "",
    "SubscribeResponse": "1 update |Notification, 3 sync_response |bool",
    "SubscriptionList": "1 prefix Path, 2 subscription *Subscription, 5 mode ListMode, "
    "6 allow_aggregation bool, 7 use_models *ModelData, 8 encoding Encoding, 9 updates_only bool",
    "Subscription": "1 path Path, 2 mode SubscriptionMode, 3 sample_interval uint64, "
    "4 suppress_redundant bool, 5 heartbeat_interval uint64",
    "SetRequest": "1 prefix Path, 2 delete *Path, 3 replace *Update, 4 update *Update, "
    "6 union_replace *Update",
    "SetResponse": "1 prefix Path, 2 response *UpdateResult, 4 timestamp int64",
    "UpdateResult": "2 path Path, 4 op Operation",
    "GetRequest": "1 prefix Path, 2 path *Path, 3 type DataType, 5 encoding Encoding, "
    "6 use_models *ModelData",
    "GetResponse": "1 notification *Notification",
    "CapabilityRequest": "",
    "CapabilityResponse": "1 supported_models *ModelData, 2 supported_encodings *Encoding, "
    "3 gNMI_version string",
    "ModelData": "1 name string, 2 organization string, 3 version string",
}
"""Each message and its fields: number, name, type. `*`: repeated; `|`: of the one union."""

_Field = descriptor_pb2.FieldDescriptorProto


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="macsec/gnmi.proto", package=PACKAGE, syntax="proto3"
    )
    for name, values in _ENUMS.items():
        enum = file.enum_type.add(name=name)
        for number, value in enumerate(values.split()):
            # Values share the scope of the package: names of their own, which no wire carries.
            enum.value.add(name=f"{name}_{value}", number=number)
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for row in filter(None, fields.split(", ")):
            _add_field(message, *row.split())
    return file


def _add_field(message: Any, number: str, name: str, kind: str) -> None:
    field = message.field.add(name=name, number=int(number))
    field.label = _Field.LABEL_OPTIONAL
    if kind == "map":
        kind = f"*{message.name}.KeyEntry"
        entry = message.nested_type.add(name="KeyEntry")
        entry.options.map_entry = True
        _add_field(entry, "1", "key", "string")
        _add_field(entry, "2", "value", "string")
    if kind.startswith("*"):
        field.label = _Field.LABEL_REPEATED
    if kind.startswith("|"):
        if not message.oneof_decl:
            message.oneof_decl.add(name="content")
        field.oneof_index = 0
    kind = kind.lstrip("*|")
    if kind in _ENUMS:
        field.type, field.type_name = _Field.TYPE_ENUM, f".{PACKAGE}.{kind}"
    elif kind[0].isupper():
        field.type, field.type_name = _Field.TYPE_MESSAGE, f".{PACKAGE}.{kind}"
    else:
        field.type = getattr(_Field, f"TYPE_{kind.upper()}")


_POOL = descriptor_pool.DescriptorPool()
_POOL.Add(_file())


def message(name: str) -> Any:
    """Return the class of a message."""
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{PACKAGE}.{name}"))


def number_of(enum: str, value: str) -> int:
    """Return the number of a name of an enumeration."""
    return _ENUMS[enum].split().index(value)


def name_of(enum: str, number: int) -> str:
    """Return the name of a number of an enumeration, or the number as text."""
    names = _ENUMS[enum].split()
    return names[number] if 0 <= number < len(names) else str(number)
