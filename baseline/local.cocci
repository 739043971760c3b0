// Takes out a local variable that nothing uses any more.
@@
identifier virtual.fn, virtual.id;
type T, R;
expression E;
@@
R fn(...)
{
<...
(
- T id;
|
- T id = E;
)
...>
}
