// Takes out a function.
@@
identifier virtual.id;
type T;
@@
- T id(...) { ... }
