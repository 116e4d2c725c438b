package runcomfyriver

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestSQLiteDSN(t *testing.T) {
	settings := []string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)"}
	for _, test := range []struct {
		dsn    string
		path   string
		pragma []string
		bad    bool
	}{
		{dsn: "file:jobs.db", path: "file:jobs.db", pragma: settings},
		{dsn: "file:/a%20b/jobs.db?_pragma=foreign_keys(1)&vfs=x", path: "file:/a%20b/jobs.db", pragma: append([]string{"foreign_keys(1)"}, settings...)},
		{dsn: "file:jobs.db?_pragma=Busy_Timeout(1)&_txlock=deferred", path: "file:jobs.db", pragma: []string{"Busy_Timeout(1)", "journal_mode(WAL)", "synchronous(FULL)"}},
		{dsn: "file:", bad: true},
		{dsn: "file::memory:", bad: true},
		{dsn: "file:x?mode=memory", bad: true},
		{dsn: "file:x?%zz", bad: true},
	} {
		got, err := sqliteDSN(test.dsn)
		if test.bad {
			if err == nil {
				t.Errorf("%s: %s", test.dsn, got)
			}
			continue
		}
		path, query, _ := strings.Cut(got, "?")
		values, parseErr := url.ParseQuery(query)
		if err != nil || parseErr != nil || path != test.path || !slices.Equal(values["_pragma"], test.pragma) || values.Get("_txlock") != "immediate" {
			t.Errorf("%s: %s, %v", test.dsn, got, err)
		}
	}
}

// TestOpenRefuses: a DSN that says nothing known is an error that does not show it.
func TestOpenRefuses(t *testing.T) {
	for _, dsn := range []string{"", "jobs.db", "mysql://u:secret@h/d", "postgres://u:secret@h:port/d", "sqlite:x", "file::memory:?x=secret"} {
		e, err := Open(t.Context(), dsn, Config{})
		if err == nil {
			e.Close()
		}
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", dsn, err)
		}
	}
}

// TestOpenTogether: processes that start at the same time make the tables once; a
// database of a newer version is refused.
func TestOpenTogether(t *testing.T) {
	onDatabases(t, func(t *testing.T, dsn string) {
		server := newMock(t)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				e, err := Open(t.Context(), dsn, Config{Token: server.Token(), Logger: testLogger(t)})
				if err != nil {
					t.Error(err)
					return
				}
				if err := e.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		e := openEngine(t, dsn, server, Config{})
		execute(t, e, "insert into runcomfy_migration (version) values (1000)")
		if newer, err := Open(t.Context(), dsn, Config{}); err == nil || !strings.Contains(err.Error(), "newer genclient") {
			t.Errorf("%v, %v", newer, err)
		}
	})
}

// TestSQLiteSettings asks the database for what the DSN was to set.
func TestSQLiteSettings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jobs.db")
	e := openEngine(t, "file:"+path, newMock(t), Config{})
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "busy_timeout": "10000"} {
		var got string
		if err := e.DB().QueryRowContext(t.Context(), "pragma "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", pragma, got, err, want)
		}
	}
	if n := e.DB().Stats().MaxOpenConnections; n != 1 {
		t.Errorf("%d connections", n)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}
