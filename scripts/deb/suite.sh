# shellcheck shell=sh
# shellcheck disable=SC2154 # those who source it set $top
# use_suite SUITE: apt-get and apt-cache of this shell use SUITE of Debian, and the
# suite that it is backports for, instead of what the host uses. Their lists are in
# build/apt, and build/apt/sources.list is for others. The mirror is that of the host.
use_suite()
{
	uri=$(apt-get indextargets --format "\$(REPO_URI)" 'Created-By: Packages' \
		'Component: main' 'Label: Debian' | sort -u | head -n 1)
	[ -n "$uri" ] || {
		echo "apt knows no mirror of Debian: run apt-get update" >&2
		return 1
	}
	mkdir -p "$top/build/apt/lists/partial"
	for debian in $(printf '%s\n' "${1%-backports}" "$1" | uniq); do
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
			"$uri $debian main"
	done >"$top/build/apt/sources.list"
	cat >"$top/build/apt/apt.conf" <<-END
		Dir::Etc::SourceList "$top/build/apt/sources.list";
		Dir::Etc::SourceParts "/dev/null";
		Dir::Etc::PreferencesParts "/dev/null";
		Dir::State::Lists "$top/build/apt/lists";
		Dir::Cache::pkgcache "";
		Dir::Cache::srcpkgcache "";
	END
	export APT_CONFIG="$top/build/apt/apt.conf"
	apt-get -qq update >/dev/null
}

# host_suite: sets $suite to the release of the host, and $sources to its sources file.
host_suite()
{
	# shellcheck disable=SC1091,SC2034,SC2154 # of the host, for those who source this
	suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
	for sources in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
		[ ! -s "$sources" ] || break
	done
}
