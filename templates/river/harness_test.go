package runcomfyriver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	runcomfy "github.com/genclient/genclient/generated/runcomfy"
	"github.com/genclient/genclient/mock"
)

// A testDatabase makes an empty database and returns its DSN.
type testDatabase struct {
	name string
	make func(t *testing.T) string
}

// onDatabases runs test on SQLite, and on Postgres where a server can be started.
func onDatabases(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Parallel()
	for _, d := range []testDatabase{
		{"sqlite", func(t *testing.T) string { return "file:" + filepath.Join(t.TempDir(), "jobs.db") }},
		{"postgres", newPostgresDatabase},
	} {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			test(t, d.make(t))
		})
	}
}

var databases atomic.Int64

// newPostgresDatabase makes a database in the server of the tests.
func newPostgresDatabase(t *testing.T) string {
	server, err := testPostgres()
	if err != nil {
		t.Skipf("no Postgres server: %v", err)
	}
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), databases.Add(1))
	if _, err := db.ExecContext(t.Context(), "create database "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		db, err := sql.Open("pgx", server)
		if err == nil {
			_, err = db.Exec("drop database if exists " + name + " with (force)")
			err = errors.Join(err, db.Close())
		}
		if err != nil {
			t.Error(err)
		}
	})
	return strings.Replace(server, "/postgres?", "/"+name+"?", 1)
}

// videoInput is a request of its own: the ledger names intents by its prompt.
func videoInput(prompt string) *runcomfy.Kling2_6ProTextToVideoInput {
	return &runcomfy.Kling2_6ProTextToVideoInput{Prompt: prompt}
}

// newMock starts an emulator with jobs that end at once.
func newMock(t *testing.T, opts ...mock.Option) *mock.Server {
	return mock.New(t, append([]mock.Option{mock.WithSpeed(1000), mock.WithConcurrency(1000), mock.WithIntentKey("prompt")}, opts...)...)
}

// openEngine opens an engine against the emulator.
func openEngine(t *testing.T, dsn string, server *mock.Server, cfg Config) *Engine {
	t.Helper()
	cfg.Token = server.Token()
	cfg.ClientOptions = append(cfg.ClientOptions, runcomfy.WithBaseURL(server.URL()), runcomfy.WithHTTPClient(server.Client()))
	if cfg.ReadRate == 0 {
		cfg.ReadRate = 1000
	}
	cfg.Logger = testLogger(t)
	e, err := Open(t.Context(), dsn, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// testLogger writes what is worth a warning to the test's output.
func testLogger(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// insert inserts requests whose prompts are their keys.
func insert(t *testing.T, e *Engine, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if isNew, err := e.Insert(t.Context(), key, videoInput(key)); err != nil || !isNew {
			t.Fatalf("inserting %q: new %v, %v", key, isNew, err)
		}
	}
}

// runUntil runs engines until done holds for the counts, and returns these.
func runUntil(t *testing.T, done func(Counts) bool, engines ...*Engine) Counts {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, len(engines))
	for _, e := range engines {
		go func() { ended <- e.Run(ctx) }()
	}
	c := await(t, engines[0], done)
	cancel()
	for range engines {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	return c
}

// await returns the counts as soon as done holds for them.
func await(t *testing.T, e *Engine, done func(Counts) bool) Counts {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(90 * time.Second)
	for {
		c, err := e.Counts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if done(c) {
			return c
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("waited in vain, counts %+v", c)
		}
	}
}

// allEnded reports whether no request is on its way.
func allEnded(c Counts) bool { return c.Open() == 0 }

// requests returns all requests by key.
func requests(t *testing.T, e *Engine) map[string]Request {
	t.Helper()
	all := map[string]Request{}
	for r, err := range e.Requests(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all[r.Key] = r
	}
	return all
}
