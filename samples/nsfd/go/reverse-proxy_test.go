// SPDX-License-Identifier: GPL-2.0
//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"nsfd"
)

// The test binary runs itself as the proxy.
func TestMain(m *testing.M) {
	if os.Getenv("NSFD_PROXY") != "" {
		main()
	}
	os.Exit(m.Run())
}

func proxy(arguments ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", arguments...)
	cmd.Env = append(os.Environ(), "NSFD_PROXY=1")
	return cmd
}

// testNS creates a namespace with a name.
func testNS(t *testing.T, name string) (*nsfd.NS, string) {
	name = fmt.Sprintf("nsfd-go-%d-%s", os.Getpid(), name)
	if out, err := exec.Command("sh", "-e", "-c", "ip netns add "+name+"; ip -n "+name+" link set lo up").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { exec.Command("ip", "netns", "del", name).Run() })
	ns, err := nsfd.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ns.Close() })
	return ns, name
}

func TestReverseProxy(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root")
	}
	front, frontName := testNS(t, "front")
	arguments := []string{frontName, "127.0.0.1:8080"}
	var names []string
	for _, color := range []string{"blue", "green"} {
		ns, name := testNS(t, color)
		l, err := ns.Listen(context.Background(), "tcp", "127.0.0.1:80")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		answer := color
		go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, answer, " ", r.URL.Path)
		}))
		arguments = append(arguments, name+"=localhost:80")
		names = append(names, name)
	}

	cmd := proxy(arguments...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	client := &http.Client{
		Timeout:   20 * time.Second,
		Transport: &http.Transport{DialContext: front.DialContext},
	}
	get := func(path string) string {
		var response *http.Response
		var err error
		for i := 0; i < 200; i++ {
			response, err = client.Get("http://127.0.0.1:8080" + path)
			if !errors.Is(err, syscall.ECONNREFUSED) {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		return string(body)
	}
	for i := 0; i < 20; i++ {
		if got := get("/" + names[0] + "/a"); got != "blue /a" {
			t.Fatalf("%q", got)
		}
		if got := get("/" + names[1] + "/b/c"); got != "green /b/c" {
			t.Fatalf("%q", got)
		}
	}
	if got := get("/elsewhere"); !strings.HasPrefix(got, "404") {
		t.Errorf("%q", got)
	}
	if _, err := net.Dial("tcp", "127.0.0.1:8080"); err == nil {
		t.Error("the proxy listens in the original namespace")
	}

	// Each of its threads is one of an ordinary user, with no capability.
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", cmd.Process.Pid))
	for _, file := range files {
		status, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		for _, line := range []string{"Uid:\t65534\t65534\t65534\t65534\n", "Gid:\t65534\t65534\t65534\t65534\n",
			"CapPrm:\t0000000000000000\n", "CapEff:\t0000000000000000\n"} {
			if !strings.Contains(string(status), line) {
				t.Errorf("%s has no line %q", file, line)
			}
		}
	}
	if len(files) == 0 {
		t.Error("no thread")
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		arguments []string
		status    int
		message   string
	}{
		{[]string{"only-one"}, 2, "Usage: "},
		{[]string{"no-such-namespace", ":80", "x=y:1"}, 1, "reverse-proxy: open /run/netns/no-such-namespace: no such file or directory\n"},
	} {
		out, err := proxy(c.arguments...).CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != c.status || !strings.HasPrefix(string(out), c.message) {
			t.Errorf("%q: %v\n%s", c.arguments, err, out)
		}
	}
}
