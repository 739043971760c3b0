# SPDX-License-Identifier: GPL-2.0
# Draws the chart of the documentation, in the directory where figures.tsv is.
# A case that is scale-NUMBER/WHAT stands for that many network namespaces.

set terminal svg size 900,400 font "sans-serif,12" background "white" enhanced
set output "chart.svg"
set datafile separator "\t"
set multiplot layout 1,2
set style data linespoints
set grid ytics lc rgb "#dddddd"
set logscale xy
set xrange [7:14000]
set xlabel "network namespaces" offset 0,0.8
set format x "%.0s%c"
set format y "%.0s%c"
set key below maxcols 2 samplen 2

# Of the lines of the file those whose case matches: number, value.
vanilla(what) = sprintf("< awk -F'\t' '$1 ~ \"^scale-.*/%s$\" { split($1, n, \"[-/]\"); print n[2] \"\t\" $2 }' figures.tsv", what)
ours(what) = sprintf("< awk -F'\t' '$1 ~ \"^scale-.*/%s$\" { split($1, n, \"[-/]\"); print n[2] \"\t\" $3 }' figures.tsv", what)
memory(way) = sprintf("< awk -F'\t' '$1 ~ \"^scale-.*-kb/%s$\" { split($1, n, \"[-/]\"); kb[n[2]] += $3 } END { for (i in kb) print i \"\t\" kb[i] * 1024 }' figures.tsv | sort -n", way)

set title "Instructions for a UDP socket in one of them"
set yrange [1000:50000]
set ytics (1000, 2000, 5000, 10000, 20000, 50000)
plot vanilla("broker") title "broker in each", \
     vanilla("thread") title "thread in each", \
     vanilla("dance") title "setns, socket, setns", \
     ours("socketat") title "socketat"

set title "Memory on top of the namespaces, in bytes"
set yrange [*:*]
set ytics auto
plot memory("processes") title "broker in each", \
     memory("threads") title "thread in each", \
     memory("descriptors") lt 4 title "descriptors, socketat"
unset multiplot
