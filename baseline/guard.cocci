// Takes out the statements that a function's answer guards.
@@
identifier virtual.id;
statement S, S1;
@@
(
- if (<+... id(...) ...+>) S1 else
  S
|
- if (<+... id(...) ...+>) S
)
