// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
//go:build linux

package nsfd

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	defaultFallbackDelay = 300 * time.Millisecond
	defaultKeepAlive     = 15 * time.Second
	// The minimum for each of several addresses, if the deadline permits.
	leastTimeout = 2 * time.Second
)

// A Dialer contains options for connections from a namespace, like net.Dialer. The
// context of a call determines its deadline.
type Dialer struct {
	// NS is the namespace to connect from.
	NS *NS

	// LocalAddr, if not nil, is the address to bind to. Its type must match the
	// network: *net.TCPAddr, *net.UDPAddr or *net.UnixAddr.
	LocalAddr net.Addr

	// FallbackDelay is the head start of the preferred IP version. If it is 0,
	// this is 300 ms. If it is negative, the addresses are tried in sequence.
	FallbackDelay time.Duration

	// KeepAlive is the interval between TCP keep-alive probes. If it is 0, this is
	// 15 s. If it is negative, no probes are sent.
	KeepAlive time.Duration

	// Resolver resolves the hostname in an address. If it is nil, NS.Resolver()
	// is used.
	Resolver *net.Resolver

	// Control, if not nil, is called with each socket before it is bound or
	// connected. Its arguments are those of net.Dialer.Control.
	Control func(network, address string, c syscall.RawConn) error
}

// Dial connects from the namespace, with the arguments of net.Dialer.DialContext.
// The connection is a *net.TCPConn, *net.UDPConn or *net.UnixConn. The context
// applies only until the connection is established. As with every *net.UDPConn
// that net.FileConn returns, WriteMsgUDP requires an address, but Write does not.
func (ns *NS) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return (&Dialer{NS: ns}).DialContext(ctx, network, address)
}

// DialContext is another name for Dial, which matches that in http.Transport and
// other packages.
func (ns *NS) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return ns.Dial(ctx, network, address)
}

// DialContext connects as NS.Dial does, with the options of d.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	n, ok := networks[network]
	if !ok {
		return nil, opError("dial", network, nil, nil, net.UnknownNetworkError(network))
	}
	endpoints, local, err := d.endpoints(ctx, n, address)
	if err != nil {
		return nil, opError("dial", network, d.LocalAddr, nil, err)
	}
	dial := func(ctx context.Context, endpoints []endpoint) (net.Conn, error) {
		return d.serially(ctx, network, endpoints, local)
	}

	var first, others []endpoint
	for _, e := range endpoints {
		if d.FallbackDelay < 0 || e.name != "tcp" || e.family == endpoints[0].family {
			first = append(first, e)
		} else {
			others = append(others, e)
		}
	}
	if len(others) == 0 {
		return dial(ctx, first)
	}
	delay := d.FallbackDelay
	if delay == 0 {
		delay = defaultFallbackDelay
	}
	return race(ctx, delay, dial, first, others)
}

// endpoints returns the endpoints to connect to, and the one to bind to or nil.
func (d *Dialer) endpoints(ctx context.Context, n network, address string) ([]endpoint, *endpoint, error) {
	r := d.Resolver
	if r == nil {
		r = d.NS.Resolver()
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	endpoints, err := n.resolve(ctx, r, address)
	if err != nil {
		return nil, nil, err
	}
	for i, e := range endpoints {
		if !e.unix() && (!e.ip.IsValid() || e.ip.Addr().IsUnspecified()) {
			ip := netip.AddrFrom4([4]byte{127, 0, 0, 1})
			if n.family == unix.AF_INET6 {
				ip = netip.AddrFrom16([16]byte{15: 1})
			}
			endpoints[i] = n.at(ip, e.ip.Port())
		}
	}
	if d.LocalAddr == nil {
		return endpoints, nil, nil
	}
	local, err := fromAddr(n, d.LocalAddr)
	if err != nil {
		return nil, nil, err
	}
	var fit []endpoint
	for _, e := range endpoints {
		if e.family == local.family {
			fit = append(fit, e)
		}
	}
	if fit == nil {
		return nil, nil, &net.AddrError{Err: "no suitable address found", Addr: address}
	}
	return fit, &local, nil
}

type dialed struct {
	conn  net.Conn
	err   error
	first bool
}

// race dials others a while after first, or as soon as that fails, and returns
// the first connection. If there is none, the error is that of first.
func race(ctx context.Context, delay time.Duration,
	dial func(context.Context, []endpoint) (net.Conn, error), first, others []endpoint) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan dialed, 2)
	start := func(endpoints []endpoint, isFirst bool) {
		conn, err := dial(ctx, endpoints)
		results <- dialed{conn, err, isFirst}
	}
	go start(first, true)
	timer := time.NewTimer(delay)
	defer timer.Stop()

	running, started := 1, false
	var failure error
	for {
		select {
		case <-timer.C:
		case r := <-results:
			running--
			if r.err == nil {
				if running > 0 {
					go func() {
						if late := <-results; late.err == nil {
							late.conn.Close()
						}
					}()
				}
				return r.conn, nil
			}
			if r.first || failure == nil {
				failure = r.err
			}
			if started && running == 0 {
				return nil, failure
			}
		}
		if !started {
			started = true
			running++
			go start(others, false)
		}
	}
}

// serially tries one endpoint after the other, and reserves time for each.
func (d *Dialer) serially(ctx context.Context, network string, endpoints []endpoint, local *endpoint) (net.Conn, error) {
	var failure error
	for i, e := range endpoints {
		conn, err := d.within(ctx, len(endpoints)-i, e, local)
		if err == nil {
			return conn, nil
		}
		if failure == nil {
			failure = opError("dial", network, d.LocalAddr, e.addr(), err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, failure
}

// within dials one endpoint, within its share of the time until the deadline: left
// is the number of endpoints that share this time.
func (d *Dialer) within(ctx context.Context, left int, e endpoint, local *endpoint) (net.Conn, error) {
	if deadline, ok := ctx.Deadline(); ok && left > 1 {
		remaining := time.Until(deadline)
		timeout := remaining / time.Duration(left)
		if timeout < leastTimeout {
			timeout = leastTimeout
		}
		if timeout < remaining {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, timeout)
			defer cancel()
		}
	}
	for try := 0; ; try++ {
		conn, err := d.one(ctx, e, local)
		// If nothing listens on a local port, a TCP socket can connect to itself.
		if err == nil && e.name == "tcp" && (local == nil || local.ip.Port() == 0) &&
			conn.LocalAddr().String() == conn.RemoteAddr().String() {
			conn.Close()
			if conn, err = nil, os.NewSyscallError("connect", unix.ECONNREFUSED); try < 2 {
				continue
			}
		}
		return conn, err
	}
}

// one creates a socket and connects it.
func (d *Dialer) one(ctx context.Context, e endpoint, local *endpoint) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	fd, err := d.NS.socket(ctx, e.family, e.typ|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	sa, err := d.prepare(fd, e, local)
	connected := false
	if err == nil {
		if connected, err = connect(fd, sa); err == nil && !connected {
			// A connection to a local server may be established already.
			connected, err = connect(fd, sa)
		}
	}
	if err == nil && connected {
		// os.NewFile would add a non-blocking socket to the poller for nothing.
		_, err = unix.FcntlInt(uintptr(fd), unix.F_SETFL, 0)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "socket")
	defer f.Close()
	if !connected {
		if err := wait(ctx, f, sa); err != nil {
			return nil, err
		}
	}
	conn, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	zone := e.ip.Addr().Zone()
	setZone(conn.RemoteAddr(), zone)
	if local != nil && local.ip.Addr().Zone() != "" {
		zone = local.ip.Addr().Zone()
	}
	setZone(conn.LocalAddr(), zone)
	if tcp, ok := conn.(*net.TCPConn); ok {
		period := d.KeepAlive
		if period == 0 {
			period = defaultKeepAlive
		}
		tcp.SetKeepAlive(period > 0)
		if period > 0 {
			tcp.SetKeepAlivePeriod(period)
		}
	}
	return conn, nil
}

// prepare sets options, binds to local, and returns the address to connect to.
func (d *Dialer) prepare(fd int, e endpoint, local *endpoint) (unix.Sockaddr, error) {
	if err := defaults(fd, e, true); err != nil {
		return nil, err
	}
	if err := control(d.Control, fd, e); err != nil {
		return nil, err
	}
	if local != nil {
		sa, err := local.sockaddr(fd)
		if err != nil {
			return nil, err
		}
		if err := unix.Bind(fd, sa); err != nil {
			return nil, os.NewSyscallError("bind", err)
		}
	}
	return e.sockaddr(fd)
}

// connect starts to connect, or reports whether the connection is established. On
// Linux, a later connect() returns the result of the first one.
func connect(fd int, sa unix.Sockaddr) (connected bool, err error) {
	switch err := unix.Connect(fd, sa); err {
	case nil, unix.EISCONN:
		return true, nil
	case unix.EINPROGRESS, unix.EALREADY, unix.EINTR:
		return false, nil
	default:
		return false, os.NewSyscallError("connect", err)
	}
}

// wait returns when the socket is connected, or the context is done.
func wait(ctx context.Context, f *os.File, sa unix.Sockaddr) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := f.SetWriteDeadline(deadline); err != nil {
			return err
		}
	}
	if ctx.Done() != nil {
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			select {
			case <-ctx.Done():
				f.SetWriteDeadline(time.Unix(1, 0))
			case <-stop:
			}
		}()
		defer func() {
			close(stop)
			<-stopped
		}()
	}

	var result error
	err = conn.Write(func(fd uintptr) bool {
		var done bool
		done, result = connect(int(fd), sa)
		return done || result != nil
	})
	if errors.Is(err, os.ErrDeadlineExceeded) {
		if err := ctx.Err(); err != nil {
			return err
		}
		return context.DeadlineExceeded
	}
	if err != nil {
		return err
	}
	return result
}
