// Takes out a table of namespace operations.
@@
identifier virtual.id;
@@
- const struct proc_ns_operations id = { ... };
