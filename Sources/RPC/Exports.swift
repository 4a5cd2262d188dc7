// The modules below are RPC's own rooms. Services see their types (StatusCode, Metadata,
// HeaderBlock, TLSConfiguration, EventLoop, Endpoint, MonotonicTime …) through RPC alone.
@_exported public import EventLoop
@_exported public import RPCWire
