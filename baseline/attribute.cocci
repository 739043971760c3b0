// Takes out all that asks for a netlink attribute.
@@
identifier virtual.id;
expression T, E;
statement S, S1;
@@
(
- if (T[id] && E) S
|
- if (T[id]) S1 else
  S
)

@@
identifier virtual.id;
expression T, E;
@@
(
- (E || T[id])
+ E
|
- E || T[id]
+ E
|
- E && !T[id]
+ E
)
