//! JSON to protobuf and back, from descriptors; pure, no socket, no web framework.
