// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
//go:build linux

package nsfd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// echo sends a word there and back between two sockets in the namespace.
func echo(ctx context.Context, ns *NS, network, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var local string
	if networks[network].typ == unix.SOCK_DGRAM {
		c, err := ns.ListenPacket(ctx, network, address)
		if err != nil {
			return err
		}
		defer c.Close()
		local = c.LocalAddr().String()
		go func() {
			b := make([]byte, 16)
			if n, from, err := c.ReadFrom(b); err == nil {
				c.WriteTo(b[:n], from)
			}
		}()
	} else {
		l, err := ns.Listen(ctx, network, address)
		if err != nil {
			return err
		}
		defer l.Close()
		local = l.Addr().String()
		go func() {
			if c, err := l.Accept(); err == nil {
				io.Copy(c, c)
				c.Close()
			}
		}()
	}
	if _, port, err := net.SplitHostPort(local); err == nil {
		host, _, _ := net.SplitHostPort(address)
		local = net.JoinHostPort(host, port)
	}
	d := &Dialer{NS: ns}
	if network == "unixgram" {
		d.LocalAddr = &net.UnixAddr{Name: "", Net: network} // autobind, to get an answer
	}
	c, err := d.DialContext(ctx, network, local)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.Write([]byte("word")); err != nil {
		return err
	}
	b := make([]byte, 4)
	if _, err := io.ReadFull(c, b); err != nil || string(b) != "word" {
		return fmt.Errorf("%q: %v", b, err)
	}
	return nil
}

func TestEcho(t *testing.T) {
	ns := testNS(t)
	path := filepath.Join(t.TempDir(), "socket")
	for _, c := range [][2]string{
		{"tcp", "127.0.0.1:0"}, {"tcp", "[::1]:0"}, {"tcp", ":0"}, {"tcp", "localhost:0"},
		{"tcp4", ":0"}, {"tcp4", "0.0.0.0:0"}, {"tcp6", ":0"}, {"tcp6", "[::]:0"},
		{"udp", "127.0.0.1:0"}, {"udp", "[::1]:0"}, {"udp", ":0"}, {"udp4", ":0"}, {"udp6", ":0"},
		{"unix", "@nsfd-test"}, {"unix", path}, {"unixpacket", "@nsfd-test"}, {"unixgram", "@nsfd-test"},
	} {
		if err := echo(testContext(t), ns, c[0], c[1]); err != nil {
			t.Errorf("%s %s: %v", c[0], c[1], err)
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Errorf("%s is still there", path)
	}
}

func TestTypes(t *testing.T) {
	ns, ctx := testNS(t), testContext(t)
	l, err := ns.Listen(ctx, "tcp", ":0")
	must(t, err)
	defer l.Close()
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	if connInode(t, l.(*net.TCPListener)) != ns.inode(t) {
		t.Error("the listener is not in the namespace")
	}

	// One listener for both versions, reached from inside only.
	for _, address := range []string{"127.0.0.1:" + port, "[::1]:" + port, ":" + port} {
		c, err := ns.Dial(ctx, "tcp", address)
		must(t, err)
		defer c.Close()
		if connInode(t, c.(*net.TCPConn)) != ns.inode(t) {
			t.Error("the connection is not in the namespace")
		}
		accepted, err := l.Accept()
		must(t, err)
		defer accepted.Close()
		if connInode(t, accepted.(*net.TCPConn)) != ns.inode(t) {
			t.Error("the accepted connection is not in the namespace")
		}
		if c.LocalAddr().String() != accepted.RemoteAddr().String() ||
			c.RemoteAddr().String() != accepted.LocalAddr().String() {
			t.Errorf("%v -> %v, but %v -> %v", c.LocalAddr(), c.RemoteAddr(),
				accepted.RemoteAddr(), accepted.LocalAddr())
		}
		raw, err := c.(*net.TCPConn).SyscallConn()
		must(t, err)
		must(t, raw.Control(func(fd uintptr) {
			for option, level := range map[int]int{unix.TCP_NODELAY: unix.IPPROTO_TCP, unix.SO_KEEPALIVE: unix.SOL_SOCKET} {
				if value, err := unix.GetsockoptInt(int(fd), level, option); err != nil || value == 0 {
					t.Errorf("option %d: %d, %v", option, value, err)
				}
			}
			if idle, _ := unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_KEEPIDLE); idle != 15 {
				t.Errorf("keep-alive after %d s", idle)
			}
		}))
		c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Read: %v, expected a timeout", err)
		}
	}
	if _, err := net.Dial("tcp", "127.0.0.1:"+port); !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("from the original namespace: %v, expected ECONNREFUSED", err)
	}
	_, err = ns.Listen(ctx, "tcp", ":"+port)
	var opError *net.OpError
	if !errors.Is(err, unix.EADDRINUSE) || !errors.As(err, &opError) {
		t.Errorf("second listener: %v, expected EADDRINUSE", err)
	}
}

func TestWithoutIPv6(t *testing.T) {
	ns, ctx := testNS(t), testContext(t)
	in(t, ns, "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6")
	must(t, echo(ctx, ns, "tcp", ":0"))
	must(t, echo(ctx, ns, "udp", "localhost:0"))
	if _, err := ns.Listen(ctx, "tcp", "[::1]:0"); !errors.Is(err, unix.EADDRNOTAVAIL) {
		t.Errorf("::1: %v, expected EADDRNOTAVAIL", err)
	}
}

func TestRefused(t *testing.T) {
	ns, ctx := testNS(t), testContext(t)
	_, err := ns.Dial(ctx, "tcp", "127.0.0.1:9")
	var opError *net.OpError
	if !errors.Is(err, unix.ECONNREFUSED) || !errors.As(err, &opError) {
		t.Fatalf("%v, expected ECONNREFUSED", err)
	}
	if opError.Op != "dial" || opError.Addr.String() != "127.0.0.1:9" {
		t.Errorf("%+v", opError)
	}
	for _, c := range []struct{ network, address string }{
		{"tcp", "127.0.0.1"}, {"tcp", "127.0.0.1:99999"}, {"tcp", "127.0.0.1:no service"},
		{"tcp4", "[::1]:9"}, {"tcp6", "127.0.0.1:9"}, {"ip", "127.0.0.1"}, {"", ""},
	} {
		if _, err := ns.Dial(ctx, c.network, c.address); !errors.As(err, &opError) {
			t.Errorf("Dial %s %s: %v", c.network, c.address, err)
		}
		if _, err := ns.Listen(ctx, c.network, c.address); !errors.As(err, &opError) {
			t.Errorf("Listen %s %s: %v", c.network, c.address, err)
		}
	}
	if _, err := ns.Listen(ctx, "udp", ":0"); !errors.As(err, &opError) {
		t.Errorf("Listen udp: %v", err)
	}
	if _, err := ns.ListenPacket(ctx, "tcp", ":0"); !errors.As(err, &opError) {
		t.Errorf("ListenPacket tcp: %v", err)
	}
}

// If the only ephemeral port is the one that is dialed, TCP connects to itself.
func TestSelfConnect(t *testing.T) {
	ns := testNS(t)
	in(t, ns, "echo 40000 40000 >/proc/sys/net/ipv4/ip_local_port_range")
	_, err := ns.Dial(testContext(t), "tcp", "127.0.0.1:40000")
	if !errors.Is(err, unix.ECONNREFUSED) && !errors.Is(err, unix.EADDRNOTAVAIL) {
		t.Errorf("%v, expected ECONNREFUSED", err)
	}
}

// testPair returns two namespaces, with fe80::1 and 10.9.0.1, and fe80::2, on a
// pair of devices called name.
func testPair(t testing.TB, name string) (*NS, *NS) {
	a, b := testNS(t), testNS(t)
	in(t, a, fmt.Sprintf(`ip link add tmp0 type veth peer name %[1]s netns /proc/%[2]d/fd/%[3]d
		ip link set tmp0 name %[1]s addrgenmode none
		ip addr add fe80::1/64 dev %[1]s nodad
		ip addr add 10.9.0.1/24 dev %[1]s
		ip link set %[1]s up`, name, os.Getpid(), b.Fd()))
	in(t, b, fmt.Sprintf(`ip link set %[1]s addrgenmode none
		ip addr add fe80::2/64 dev %[1]s nodad
		ip link set %[1]s up`, name))
	return a, b
}

// The device has the same name in both namespaces, and another index.
func TestZone(t *testing.T) {
	ctx := testContext(t)
	a := testNS(t)
	in(t, a, "ip link add unused type veth peer name unused1")
	b := testNS(t)
	in(t, a, fmt.Sprintf(`ip link add zone0 type veth peer name zone0 netns /proc/%d/fd/%d
		ip link set zone0 addrgenmode none
		ip addr add fe80::1/64 dev zone0 nodad
		ip link set zone0 up`, os.Getpid(), b.Fd()))
	in(t, b, `ip link set zone0 addrgenmode none
		ip addr add fe80::2/64 dev zone0 nodad
		ip link set zone0 up`)
	indexA, err := a.InterfaceIndex("zone0")
	must(t, err)
	indexB, err := b.InterfaceIndex("zone0")
	must(t, err)
	if indexA == indexB {
		t.Fatalf("the test needs different indexes, and both are %d", indexA)
	}

	for _, network := range []string{"tcp", "tcp6"} {
		l, err := a.Listen(ctx, network, "[fe80::1%zone0]:0")
		must(t, err)
		defer l.Close()
		if zone := l.Addr().(*net.TCPAddr).Zone; zone != "zone0" {
			t.Errorf("listener has zone %q", zone)
		}
		for _, zone := range []string{"zone0", strconv.Itoa(indexB)} {
			address := fmt.Sprintf("[fe80::1%%%s]:%d", zone, l.Addr().(*net.TCPAddr).Port)
			d := Dialer{NS: b, LocalAddr: &net.TCPAddr{IP: net.ParseIP("fe80::2"), Zone: zone}}
			c, err := d.DialContext(ctx, network, address)
			must(t, err)
			defer c.Close()
			if c.RemoteAddr().String() != address {
				t.Errorf("connection to %v, expected %s", c.RemoteAddr(), address)
			}
			local := c.LocalAddr().(*net.TCPAddr)
			if local.Zone != zone || local.IP.String() != "fe80::2" {
				t.Errorf("connection from %v", local)
			}
		}
	}

	// By the index, also packets find their way.
	ca, err := a.ListenPacket(ctx, "udp", "[fe80::1%zone0]:5000")
	must(t, err)
	defer ca.Close()
	cb, err := b.ListenPacket(ctx, "udp6", ":5000")
	must(t, err)
	defer cb.Close()
	to := &net.UDPAddr{IP: net.ParseIP("fe80::1"), Port: 5000, Zone: strconv.Itoa(indexB)}
	_, err = cb.WriteTo([]byte("word"), to)
	must(t, err)
	ca.SetDeadline(time.Now().Add(10 * time.Second))
	_, from, err := ca.ReadFrom(make([]byte, 16))
	must(t, err)
	if !from.(*net.UDPAddr).IP.Equal(net.ParseIP("fe80::2")) {
		t.Errorf("from %v", from)
	}

	if _, err := b.Dial(ctx, "tcp", "[fe80::1%no-device]:1"); !errors.Is(err, unix.ENODEV) {
		t.Errorf("no device: %v, expected ENODEV", err)
	}
	if _, err := b.Dial(ctx, "tcp", "[fe80::1%a-name-that-is-too-long]:1"); err == nil {
		t.Error("connected by a device whose name is too long")
	}
	if _, err := b.InterfaceIndex("no-device"); !errors.Is(err, unix.ENODEV) {
		t.Errorf("InterfaceIndex: %v, expected ENODEV", err)
	}
}

// Nobody has the address that is dialed, and no error comes for seconds.
func TestCancel(t *testing.T) {
	a, _ := testPair(t, "silent0")
	in(t, a, "ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:01 dev silent0")
	for name, want := range map[string]error{"deadline": context.DeadlineExceeded, "cancel": context.Canceled} {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		if name == "deadline" {
			cancel()
			ctx, cancel = context.WithTimeout(context.Background(), 50*time.Millisecond)
		} else {
			time.AfterFunc(50*time.Millisecond, cancel)
		}
		start := time.Now()
		_, err := a.Dial(ctx, "tcp", "10.9.0.2:80")
		cancel()
		took := time.Since(start)
		if !errors.Is(err, want) || took < 40*time.Millisecond || took > 5*time.Second {
			t.Errorf("%s: %v after %v", name, err, took)
		}
		var netError net.Error
		if !errors.As(err, &netError) || netError.Timeout() != (name == "deadline") {
			t.Errorf("%s: Timeout() of %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := a.Dial(ctx, "tcp", "10.9.0.2:80"); !errors.Is(err, context.Canceled) {
		t.Errorf("Dial: %v", err)
	}
	if _, err := a.Listen(ctx, "tcp", ":0"); !errors.Is(err, context.Canceled) {
		t.Errorf("Listen: %v", err)
	}
}

// The first SYN is lost, so that the connection, or its failure, takes a second.
func TestSlow(t *testing.T) {
	ctx := testContext(t)
	a, b := testPair(t, "slow0")
	in(t, b, "ip addr add 10.9.0.2/24 dev slow0")
	l, err := b.Listen(ctx, "tcp", "10.9.0.2:80")
	must(t, err)
	defer l.Close()
	in(t, a, "ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:01 dev slow0")
	errs := make(chan error, 2)
	start := time.Now()
	for _, port := range []string{"80", "81"} {
		go func(port string) {
			c, err := a.Dial(ctx, "tcp", "10.9.0.2:"+port)
			if err == nil {
				_, err = c.Write([]byte("word"))
				c.Close()
			}
			if port == "81" && errors.Is(err, unix.ECONNREFUSED) {
				err = nil
			} else if port == "81" {
				err = fmt.Errorf("port 81: %v, expected ECONNREFUSED", err)
			}
			errs <- err
		}(port)
	}
	time.Sleep(50 * time.Millisecond)
	in(t, a, "ip neigh del 10.9.0.2 dev slow0")
	for range "ab" {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if took := time.Since(start); took < 50*time.Millisecond {
		t.Errorf("not slow: %v", took)
	}
}

func TestControl(t *testing.T) {
	ns, ctx := testNS(t), testContext(t)
	var calls atomic.Int32
	reuse := func(network, address string, c syscall.RawConn) error {
		calls.Add(1)
		if network != "tcp4" || !strings.HasPrefix(address, "127.0.0.1:") {
			t.Errorf("Control got %s %s", network, address)
		}
		var err error
		if errControl := c.Control(func(fd uintptr) {
			if socketInode(t, int(fd)) != ns.inode(t) {
				t.Error("Control: the socket is not in the namespace")
			}
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		}); errControl != nil {
			return errControl
		}
		return err
	}
	lc := &ListenConfig{NS: ns, Control: reuse}
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	second, err := lc.Listen(ctx, "tcp", l.Addr().String())
	must(t, err)
	second.Close()
	c, err := (&Dialer{NS: ns, Control: reuse}).DialContext(ctx, "tcp", l.Addr().String())
	must(t, err)
	c.Close()
	if calls.Load() != 3 {
		t.Errorf("Control was called %d times, expected 3", calls.Load())
	}

	refuse := errors.New("refused")
	no := func(string, string, syscall.RawConn) error { return refuse }
	if _, err := (&ListenConfig{NS: ns, Control: no}).Listen(ctx, "tcp", ":0"); !errors.Is(err, refuse) {
		t.Errorf("Listen: %v", err)
	}
	if _, err := (&Dialer{NS: ns, Control: no}).DialContext(ctx, "tcp", l.Addr().String()); !errors.Is(err, refuse) {
		t.Errorf("Dial: %v", err)
	}
}

func TestDialer(t *testing.T) {
	ns, ctx := testNS(t), testContext(t)
	l, err := ns.Listen(ctx, "tcp", ":0")
	must(t, err)
	defer l.Close()
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)

	// Of "localhost", only an address of the local one's version fits.
	d := Dialer{NS: ns, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 5)}, KeepAlive: -1}
	c, err := d.DialContext(ctx, "tcp", "localhost:"+port)
	must(t, err)
	if ip := c.LocalAddr().(*net.TCPAddr).IP.String(); ip != "127.0.0.5" {
		t.Errorf("connected from %s", ip)
	}
	c.Close()
	for _, local := range []net.Addr{&net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, &net.TCPAddr{IP: net.IPv6loopback}} {
		d := Dialer{NS: ns, LocalAddr: local}
		if _, err := d.DialContext(ctx, "tcp", "127.0.0.1:"+port); err == nil {
			t.Errorf("connected from %T %v", local, local)
		}
	}
}

// Unix sockets with an abstract name belong to the network namespace.
func TestAbstract(t *testing.T) {
	ns, ctx := testNS(t), testContext(t)
	l, err := ns.Listen(ctx, "unix", "@nsfd-abstract")
	must(t, err)
	defer l.Close()
	if _, err := net.Dial("unix", "@nsfd-abstract"); !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("from the original namespace: %v, expected ECONNREFUSED", err)
	}
	c, err := ns.Dial(ctx, "unix", "@nsfd-abstract")
	must(t, err)
	c.Close()
}

func TestHTTP(t *testing.T) {
	ns, ctx := testNS(t), testContext(t)
	l, err := ns.Listen(ctx, "tcp", "127.0.0.1:0")
	must(t, err)
	server := &http.Server{Handler: http.NotFoundHandler()}
	go server.Serve(l)
	defer server.Close()
	transport := &http.Transport{DialContext: ns.DialContext}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, "GET", "http://"+l.Addr().String(), nil)
	must(t, err)
	response, err := transport.RoundTrip(request)
	must(t, err)
	response.Body.Close()
	if response.StatusCode != 404 {
		t.Errorf("status %d", response.StatusCode)
	}
}

// serveDNS answers each query for A with the address 127.0.0.7 and for AAAA with
// ::7, which no device has.
func serveDNS(c net.PacketConn) {
	query := make([]byte, 512)
	for {
		n, from, err := c.ReadFrom(query)
		if err != nil {
			return
		}
		end := 12
		for end < n && query[end] != 0 {
			end += int(query[end]) + 1
		}
		if end += 5; end > n {
			continue
		}
		ip := netip.MustParseAddr("127.0.0.7").AsSlice()
		if query[end-3] == 28 {
			ip = netip.MustParseAddr("::7").AsSlice()
		}
		reply := append([]byte{}, query[:end]...)
		copy(reply[2:], []byte{0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0})
		reply = append(reply, 0xc0, 12, 0, query[end-3], 0, 1, 0, 0, 0, 0, 0, byte(len(ip)))
		c.WriteTo(append(reply, ip...), from)
	}
}

func TestNames(t *testing.T) {
	ns, ctx := testNS(t), testContext(t)
	// The servers of the program's /etc/resolv.conf, but in the namespace.
	server := "127.0.0.1"
	text, _ := os.ReadFile("/etc/resolv.conf")
	for _, line := range strings.Split(string(text), "\n") {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "nameserver" {
			server = f[1]
			break
		}
	}
	if !netip.MustParseAddr(server).IsLoopback() {
		in(t, ns, "ip addr add "+server+" dev lo nodad")
	}
	dns, err := ns.ListenPacket(ctx, "udp", net.JoinHostPort(server, "53"))
	must(t, err)
	defer dns.Close()
	go serveDNS(dns)

	addrs, err := ns.Resolver().LookupHost(ctx, "only-inside.example.")
	must(t, err)
	if s := strings.Join(addrs, " "); s != "127.0.0.7 ::7" && s != "::7 127.0.0.7" {
		t.Errorf("resolved to %s", s)
	}
	l, err := ns.Listen(ctx, "tcp", "127.0.0.7:0")
	must(t, err)
	defer l.Close()
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	c, err := ns.Dial(ctx, "tcp", "only-inside.example.:"+port)
	must(t, err)
	c.Close()
	if _, err := ns.Dial(ctx, "tcp6", "only-inside.example.:"+port); err == nil {
		t.Error("connected to ::7")
	}
}

func TestRace(t *testing.T) {
	one, other := []endpoint{{}}, []endpoint{{}, {}}
	failed, alsoFailed := errors.New("first"), errors.New("other")
	type behavior struct {
		after time.Duration // negative: only when the context is done
		err   error
	}
	for name, c := range map[string]struct {
		first, others behavior
		want          string
	}{
		"first in time":      {behavior{0, nil}, behavior{0, nil}, "first"},
		"first is slow":      {behavior{-1, nil}, behavior{0, nil}, "others"},
		"first fails":        {behavior{0, failed}, behavior{0, nil}, "others"},
		"others fail":        {behavior{60 * time.Millisecond, nil}, behavior{0, alsoFailed}, "first"},
		"both fail":          {behavior{0, failed}, behavior{0, alsoFailed}, "error first"},
		"first fails late":   {behavior{60 * time.Millisecond, failed}, behavior{0, alsoFailed}, "error first"},
		"both, others later": {behavior{30 * time.Millisecond, nil}, behavior{300 * time.Millisecond, nil}, "first"},
	} {
		c := c
		var open atomic.Int32
		var dials sync.WaitGroup
		dial := func(ctx context.Context, endpoints []endpoint) (net.Conn, error) {
			dials.Add(1)
			defer dials.Done()
			b, name := c.first, "first"
			if len(endpoints) == 2 {
				b, name = c.others, "others"
			}
			if b.after < 0 {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			time.Sleep(b.after) // deaf to the context: the connection comes late
			if b.err != nil {
				return nil, b.err
			}
			open.Add(1)
			return &fakeConn{name: name, open: &open}, nil
		}
		conn, err := race(testContext(t), 20*time.Millisecond, dial, one, other)
		got := ""
		if err != nil {
			got = "error " + err.Error()
		} else {
			got = conn.(*fakeConn).name
			conn.Close()
		}
		if got != c.want {
			t.Errorf("%s: %s, expected %s", name, got, c.want)
		}
		dials.Wait()
		for i := 0; i < 100 && open.Load() != 0; i++ {
			time.Sleep(10 * time.Millisecond)
		}
		if open.Load() != 0 {
			t.Errorf("%s: %d connections remain open", name, open.Load())
		}
	}
}

type fakeConn struct {
	net.Conn
	name string
	open *atomic.Int32
}

func (c *fakeConn) Close() error {
	c.open.Add(-1)
	return nil
}
