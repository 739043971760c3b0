#!/usr/bin/perl
# Reads the output of the benchmark on vanilla and nsfd, and compares it.
#
# usage: compare.pl DIR COMMITTED
#
# From DIR/vanilla.* and DIR/nsfd.*, it creates DIR/figures.tsv and DIR/throughput.tsv.
# It prints both, the targets that are met, and each figure that exceeds that in the
# file COMMITTED by more than one percent, in which case the exit status is 1. The
# methods with a thread, a helper process or a new process, which are there for
# comparison, are exempt: their figures vary by up to three percent between builds,
# because of wakeups.
use strict;
use warnings;

my ($dir, $committed) = @ARGV;
my @families = qw(tcp udp unix tcp6 netlink);
my @plain_types = qw(net uts ipc);
my @other_types = qw(user mnt pid cgroup time);
my @numbers = (10, 100, 1000, 10000);
my (%vanilla, %ours, @cases);

# The figures of one log, and the names of the cases in their order.
sub read_log
{
	my ($file, $values, $names) = @_;

	open(my $fh, '<', $file) or die "$file: $!\n";
	while (<$fh>) {
		next unless /^(\S+)\t(-?\d+)$/;
		$values->{$1} = $2;
		push @$names, $1 if $names;
	}
}

sub ratio
{
	my ($over, $under) = @_;

	return defined($over) && $under ? sprintf('%.3f', $over / $under) : '-';
}

for my $log ('calls', map { "scale-$_" } @numbers) {
	my @names;

	read_log("$dir/vanilla.$log", \%vanilla);
	read_log("$dir/nsfd.$log", \%ours, \@names);
	push @cases, @names;
}

my $gcc = ($ENV{ARCH} // '') eq 'arm64' ? 'aarch64-linux-gnu-gcc' : 'gcc';
my ($compiler) = `$gcc --version` =~ /^(.*)$/m;
open(my $out, '>', "$dir/figures.tsv") or die "$dir/figures.tsv: $!\n";
print $out "# $compiler\ncase\tvanilla\tnsfd\tratio\n";
printf "%-34s %10s %10s %7s\n", 'case', 'vanilla', 'ours', 'ratio';
for my $case (@cases) {
	my @line = ($case, $vanilla{$case} // '-', $ours{$case},
		    ratio($ours{$case}, $vanilla{$case}));

	print $out join("\t", @line), "\n";
	printf "%-34s %10s %10s %7s\n", @line;
}
close($out) or die "$dir/figures.tsv: $!\n";

# Throughput, in relation to that of socket() by one thread in the same run.
open($out, '>', "$dir/throughput.tsv") or die "$dir/throughput.tsv: $!\n";
print $out "cpus\tthreads\tway\tvanilla\tnsfd\n";
print "\nSockets made and closed in a given time, by one thread and socket() = 1:\n";
printf "%4s %8s %-10s %8s %8s\n", 'CPUs', 'threads', 'way', 'vanilla', 'ours';
for my $cpus (2, 4) {
	my (%v, %o);

	read_log("$dir/vanilla.throughput-$cpus", \%v);
	read_log("$dir/nsfd.throughput-$cpus", \%o);
	for my $threads (1, 2, 4) {
		for my $way (qw(socket socketat dance)) {
			my $case = "threads-$threads/$way";
			my @line = ($cpus, $threads, $way,
				    ratio($v{$case}, $v{'threads-1/socket'}),
				    ratio($o{$case}, $o{'threads-1/socket'}));

			print $out join("\t", @line), "\n";
			printf "%4d %8d %-10s %8s %8s\n", @line;
		}
	}
}
close($out) or die "$dir/throughput.tsv: $!\n";

# What the memory of other CPUs may notice: the last line of each trace.
print "\nAtomic operations on memory, for one UDP socket:\n";
printf "%-16s %8s %8s\n", 'way', 'vanilla', 'ours';
for my $way (qw(socket socketat-other dance)) {
	my @line = ($way);

	for my $name (qw(vanilla nsfd)) {
		my $atomic = '-';

		if (open(my $fh, '<', "$dir/$name.trace-$way")) {
			/^ *\d+ +(\d+)  in all$/ and $atomic = $1 while <$fh>;
		}
		push @line, $atomic;
	}
	printf "%-16s %8s %8s\n", @line;
}

my ($met, $missed) = (0, 0);

# target WHAT, LIMIT, SIGN, NAME => VALUE...: each value has to be at most LIMIT
# (SIGN 1) or at least that (SIGN -1)
sub target
{
	my ($what, $limit, $sign, @values) = @_;
	my ($ok, @text) = (1);

	while (my ($name, $value) = splice(@values, 0, 2)) {
		my $good = defined($value) && $sign * $value <= $sign * $limit;

		$ok &&= $good;
		push @text, sprintf('%s %s%s', $name,
				    !defined($value) ? 'nothing' :
				    $value =~ /^-?\d+$/ ? $value :
				    sprintf('%.3f', $value), $good ? '' : ' (!)');
	}
	$ok ? $met++ : $missed++;
	printf "%-6s %s %s %s:\n       %s\n", $ok ? 'met' : 'MISSED', $what,
		$sign > 0 ? '<=' : '>=', $limit, join(', ', @text);
}

# The cost in the case $over to that in the case $under, of the same kernels.
sub by
{
	my ($over, $under) = @_;

	return defined($over) && $under ? $over / $under : undef;
}

sub by_family
{
	my ($way) = @_;

	return map { $_ => by($vanilla{"$way/$_"}, $ours{"socketat-other/$_"}) }
		@families;
}

sub of_vanilla
{
	return map { $_ => by($ours{$_}, $vanilla{$_}) } @_;
}

print "\nTargets:\n";
target('socket, more than vanilla', 6, 1,
       map { $_ => abs($ours{"socket/$_"} - $vanilla{"socket/$_"}) } @families);
target('socketat in another namespace, more than socket', 105, 1,
       map { $_ => $ours{"socketat-other/$_"} - $ours{"socket/$_"} } @families);
target('socketat in one\'s own namespace, more than socket', 90, 1,
       map { $_ => $ours{"socketat-own/$_"} - $ours{"socket/$_"} } @families);
target('socketat / socket, for udp', 1.055, 1,
       map { $_ => by($ours{"socketat-$_/udp"}, $ours{'socket/udp'}) }
       qw(own granted other));
target('a ring in another namespace, more than at home', 100, 1,
       map { $_ => $ours{"ring-other/$_"} - $ours{"ring/$_"} } @families);
target('setns-socket-setns on vanilla / socketat', 1.6, -1, by_family('dance'));
target('helper thread on vanilla / socketat', 4.5, -1, by_family('thread'));
target('SCM_RIGHTS broker on vanilla / socketat', 6, -1, by_family('broker'));
target('process for each on vanilla / socketat', 80, -1, by_family('process'));
target('setns, not shared, ours / vanilla', 0.5, 1,
       of_vanilla(map { "setns/$_" } @plain_types));
target('setns of other types and forms, ours / vanilla', 1, 1,
       of_vanilla((map { "setns/$_" } @other_types),
		  (map { "setns-shared/$_" } @plain_types, @other_types),
		  'setns-pidfd/net', 'setns-pidfd-shared/net'));
target('open of namespace files, ours / vanilla', 1, 1,
       of_vanilla('open-proc-ns', 'open-bind-mount'));
target('setns by pidfd, eight types, ours / vanilla', 0.93, 1,
       of_vanilla('setns-pidfd/all', 'setns-pidfd-shared/all'));
my @scale = sort { $a <=> $b } map { $ours{"scale-$_/socketat"} } @numbers;
target('socketat in 10 to 10,000 namespaces, most / least', 1.05, 1,
       udp => by($scale[-1], $scale[0]));
printf "%d targets met, %d missed\n", $met, $missed;

# The committed figures, if there are any.
my ($worse, %old, $old_compiler) = (0);
if (!open(my $fh, '<', $committed)) {
	print "\nno committed figures\n";
	exit 0;
} else {
	while (<$fh>) {
		$old_compiler = $1 if /^# (.*)/;
		$old{$1} = $2 if /^(\S+)\t\S+\t(-?\d+)\t/;
	}
}
print "\n";
if ($old_compiler ne $compiler) {
	print "The committed figures are of another compiler, $old_compiler.\n";
	%old = ();
}
for my $case (grep { !/\b(thread|broker|process)/ } sort keys %old) {
	my $new = $ours{$case};

	next if defined($new) && $new <= $old{$case} + abs($old{$case}) / 100;
	printf "worse: %s: %s, was %d\n", $case, $new // 'nothing', $old{$case};
	$worse++;
}
print $worse ? "$worse figures are worse than the committed ones\n" :
	"nothing is worse than the committed figures\n" if %old;
exit($worse ? 1 : 0);
