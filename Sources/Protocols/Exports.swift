// Messages come as JSON too: who uses Protocols sees JSON's types (JSONValue, JSONError, JSONParser …)
// through it.
@_exported public import JSON
