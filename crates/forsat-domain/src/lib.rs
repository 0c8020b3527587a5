//! Records, money, dates, the schema table, merge rules and reports of Forsat; no I/O.
