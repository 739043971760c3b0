#!/usr/bin/perl
# Reads the results of the selftests on each kernel, and checks them.
#
# usage: verdict.pl KERNEL...
#
# Tests of mainline features have to pass on vanilla and nsfd, and to fail on the
# baseline. Tests of new features have to pass on nsfd, and to skip on kernels without
# the call. Library and tools have to pass on all kernels except the baseline, with
# another method if there is no call. A variant, such as nsfd.debug, is judged like its
# kernel. Without nsfd, the last kernel takes its place. Prints the unexpected results,
# with the output of the test, and a last line of counts.
use strict;
use warnings;
use TAP::Parser;

my %new = map { $_ => 1 } qw(socketat_test delegate_test socketat_privilege_test
	uring_test nsfs_test);
open(my $list, '<', 'scripts/test/robust.txt') or die "robust.txt: $!\n";
my %robust = map { /^(\w+)$/ ? ($1 => 1) : () } <$list>;
my %above = map { $_ => 1 } qw(libnsfd_test libnsfd_fault_test tools_test go_test
	python_test);
my %has_new = map { $_ => 1 } qw(nsfd applied next);
my (%seen, %count, %result, %output);
my @kernels = @ARGV;
my $broken = 0;

for my $kernel (@kernels) {
	open(my $fh, '<', "build/test/$kernel/status") or die "$kernel: not run\n";
	if (<$fh> != 0) {
		print "$kernel: the run failed, see build/test/$kernel/console\n";
		$broken = 1;
	}
	for my $file (glob("build/test/$kernel/{root,user}/*")) {
		my ($who, $program) = $file =~ m{/([^/]+)/([^/]+)$};
		my $parser = TAP::Parser->new({ exec => ['cat', $file] });
		my $text = '';
		while (my $line = $parser->next) {
			if (!$line->is_test) {
				$text .= $line->as_string . "\n" if $line->is_comment;
				next;
			}
			my $name = $line->description =~ s/^- //r;
			my $id = "$who $program $name";
			my $result = !$line->is_ok ? 'fail' :
				     $line->has_skip ? 'skip' : 'pass';
			$result{$id}{$kernel} = $result;
			$output{$id}{$kernel} = $text . $line->as_string . "\n";
			$count{$kernel}{$result}++;
			$seen{$id} = $program;
			$text = '';
		}
	}
}

# Whether $got is the right result of a test of $program on $kernel, given $ours.
sub right
{
	my ($program, $kernel, $got, $ours) = @_;

	$kernel =~ s/\..*//;
	return $got =~ /^(pass|skip)$/ if $robust{$program};
	return $kernel eq 'baseline' || $got =~ /^(pass|skip)$/ if $above{$program};
	if ($new{$program}) {
		return $has_new{$kernel} ? $got eq $ours : $got eq 'skip';
	}
	# A test that cannot run on this machine skips on the baseline, too.
	return $got eq 'fail' || ($got eq 'skip' && $ours eq 'skip')
		if $kernel eq 'baseline';
	return $got eq $ours;
}

my ($passed, $failed, $skipped) = (0, 0, 0);
my ($judge) = grep { $_ eq 'nsfd' } @kernels;
$judge //= $kernels[-1];
for my $id (sort keys %seen) {
	my $ours = $result{$id}{$judge} // 'nothing';
	my @wrong = $ours =~ /^(pass|skip)$/ ? () : ($judge);
	for my $kernel (@kernels) {
		my $got = $result{$id}{$kernel} // 'nothing';
		push @wrong, $kernel
			if !right($seen{$id}, $kernel, $got, $ours) &&
			   !grep { $_ eq $kernel } @wrong;
	}
	if (@wrong) {
		$failed++;
		for my $kernel (@wrong) {
			my $got = $result{$id}{$kernel} // 'nothing';
			printf "WRONG on %s: %s: %s\n%s", $kernel, $id, $got,
				$output{$id}{$kernel} // '';
		}
	} elsif ($ours eq 'skip') {
		$skipped++;
		print "skipped: $id\n";
	} else {
		$passed++;
	}
}

for my $kernel (@kernels) {
	printf "%-10s %4d pass, %4d fail, %4d skip\n", $kernel,
		map { $count{$kernel}{$_} // 0 } qw(pass fail skip);
}
if (!%seen) {
	print "no test said anything\n";
	$broken = 1;
}
print "$passed passed, $failed failed, $skipped skipped\n";
exit($failed || $broken ? 1 : 0);
