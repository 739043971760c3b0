# SPDX-License-Identifier: GPL-2.0
"""For gdb, attached to the guest: steps through one timed call of the benchmark
and counts, for each function, the instructions, and of these the atomic ones,
which lock the bus or the cache line: those with a lock prefix, and xchg with
memory.

Wants $begin and $end, the addresses of the functions of that name in the
benchmark, and writes to the file BENCH_TRACE of the environment, as gdb says
on its output where each step ends. See scripts/bench/trace.sh."""

import collections
import os

import gdb

WARM_UP = 300
PREFIXES = b'\x26\x2e\x36\x3e\x64\x65\x66\x67\xf2\xf3'


def pc():
    return int(gdb.parse_and_eval('(unsigned long)$pc'))


def is_user(address):
    return address < 1 << 47


def function(address):
    if is_user(address):
        return '(user)'
    text = gdb.execute('info symbol 0x%x' % address, to_string=True)
    return text.split()[0] if ' in section ' in text else '(unknown)'


def is_atomic(address):
    if is_user(address):
        return False
    code = bytes(gdb.selected_inferior().read_memory(address, 15))
    locked = False
    while code[0] in PREFIXES or code[0] == 0xf0:
        locked |= code[0] == 0xf0
        code = code[1:]
    if 0x40 <= code[0] < 0x50:
        code = code[1:]
    return locked or code[0] in (0x86, 0x87) and code[1] < 0xc0


def trace():
    end = int(gdb.parse_and_eval('$end'))
    gdb.execute('set confirm off')
    gdb.execute('set pagination off')
    begin = gdb.Breakpoint('*$begin')
    begin.ignore_count = WARM_UP
    gdb.execute('continue', to_string=True)
    begin.delete()

    known = {}
    total = collections.Counter()
    atomic = collections.Counter()
    while True:
        address = pc()
        if address == end:
            break
        if address not in known:
            known[address] = function(address), is_atomic(address)
        name, locked = known[address]
        total[name] += 1
        atomic[name] += locked
        gdb.execute('stepi', to_string=True)

    with open(os.environ['BENCH_TRACE'], 'w') as out:
        print('%8s %8s  %s' % ('number', 'atomic', 'function'), file=out)
        for name, count in total.most_common():
            print('%8d %8s  %s' % (count, atomic[name] or '', name), file=out)
        print('%8d %8d  in all' % (sum(total.values()), sum(atomic.values())),
              file=out)


trace()
gdb.execute('kill')
