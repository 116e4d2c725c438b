package runcomfyriver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
)

// postgresVariable names a server for the tests, as a DSN of its database
// "postgres"; without it they start one of their own.
const postgresVariable = "GENCLIENT_POSTGRES"

// cluster is a Postgres server that the tests have started.
type cluster struct {
	bin, dir, dsn string
	port          int
	as            *syscall.Credential // Postgres does not run as root
}

var (
	started     *cluster
	testCluster = sync.OnceValues(func() (*cluster, error) {
		c, err := startCluster()
		started = c
		return c, err
	})
)

// TestMain runs a child of a test, or the tests, and stops the server that they
// started.
func TestMain(m *testing.M) {
	if plan := os.Getenv(childVariable); plan != "" { // see soak_test.go
		if err := child(plan); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if started != nil {
		_ = started.stop()
		_ = os.RemoveAll(started.dir)
	}
	os.Exit(code)
}

// testPostgres returns the DSN of a server.
func testPostgres() (string, error) {
	if dsn := os.Getenv(postgresVariable); dsn != "" {
		return dsn, nil
	}
	c, err := testCluster()
	if err != nil {
		return "", err
	}
	return c.dsn, nil
}

func startCluster() (*cluster, error) {
	c := &cluster{}
	candidates, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if path, err := exec.LookPath("initdb"); err == nil {
		candidates = append(candidates, path)
	}
	if len(candidates) == 0 {
		return nil, errors.New("initdb is not installed; set " + postgresVariable + " or install postgresql")
	}
	slices.Sort(candidates)
	c.bin = filepath.Dir(candidates[len(candidates)-1])
	dir, err := os.MkdirTemp("", "genclient-postgres")
	if err != nil {
		return nil, err
	}
	c.dir = dir
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			return nil, fmt.Errorf("root may not run Postgres, and %w", err)
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		c.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(dir, uid, gid); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c.port = l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return nil, err
	}
	c.dsn = fmt.Sprintf("postgres://tester@127.0.0.1:%d/postgres?sslmode=disable", c.port)
	if err := c.run("initdb", "-D", c.data(), "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync"); err != nil {
		return nil, err
	}
	return c, c.start()
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

// start starts the server and waits until it answers.
func (c *cluster) start() error {
	options := fmt.Sprintf("-p %d -k %s -c listen_addresses=127.0.0.1 -c max_connections=200", c.port, c.dir)
	return c.run("pg_ctl", "-D", c.data(), "-w", "-l", filepath.Join(c.dir, "log"), "-o", options, "start")
}

// stop stops the server without waiting for its clients.
func (c *cluster) stop() error {
	return c.run("pg_ctl", "-D", c.data(), "-w", "-m", "immediate", "stop")
}

func (c *cluster) run(name string, args ...string) error {
	cmd := exec.CommandContext(context.Background(), filepath.Join(c.bin, name), args...)
	cmd.Dir = c.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.as}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}
