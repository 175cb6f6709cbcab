//! Serves the simulated Xero over HTTP on loopback.
