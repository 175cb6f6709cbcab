//! A Xero organisation as `GET` and `POST` see it, with Xero's limits and errors.
