// Takes out the calls that are given the address of an object.
@@
identifier virtual.fn, virtual.id;
@@
- fn(..., &id);
