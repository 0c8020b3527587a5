//! The relay that devices sync through over WebSocket.
