package runcomfyriver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	_ "modernc.org/sqlite"
)

// A dialect is what differs between the databases. Both take $1 for a parameter.
type dialect struct {
	name   string
	driver func(*sql.DB) riverdriver.Driver[*sql.Tx]
	serial string // the type of a primary key that counts
	// now is the database's clock, in microseconds since 1970: the clocks of its clients
	// need not agree.
	now string
	// lockTx is the statement by which a transaction keeps others out that take the same
	// step; "" where a transaction does so from its begin.
	lockTx string
	// lock and unlock are the statements for a connection, while the tables are made.
	lock, unlock string
}

var sqlite = dialect{
	name:   "sqlite",
	driver: func(db *sql.DB) riverdriver.Driver[*sql.Tx] { return riversqlite.New(db) },
	serial: "integer primary key autoincrement",
	now:    "cast(unixepoch('subsec') * 1000000 as integer)",
}

// advisoryLock is the key of the lock under which the tables are made in Postgres.
const advisoryLock = "7305803466210438003"

var postgres = dialect{
	name:   "postgres",
	driver: func(db *sql.DB) riverdriver.Driver[*sql.Tx] { return riverdatabasesql.New(db) },
	serial: "bigint generated always as identity primary key",
	now:    "(extract(epoch from clock_timestamp()) * 1000000)::bigint",
	lockTx: "select id from runcomfy_budget where id = 1 for update",
	lock:   "select pg_advisory_lock(" + advisoryLock + ")",
	unlock: "select pg_advisory_unlock(" + advisoryLock + ")",
}

// openDatabase opens the database that dsn names, without a connection yet. No error
// shows dsn, which may hold a password.
func openDatabase(dsn string, workers int) (*sql.DB, dialect, error) {
	scheme, _, _ := strings.Cut(dsn, ":")
	switch strings.ToLower(scheme) {
	case "file":
		full, err := sqliteDSN(dsn)
		if err != nil {
			return nil, dialect{}, err
		}
		db, err := sql.Open("sqlite", full)
		if err != nil {
			return nil, dialect{}, errors.New("the DSN of SQLite cannot be read")
		}
		// SQLite has one writer. With one connection the goroutines of a process take
		// turns in Go, in order and without a limit in time; with several they would meet
		// SQLITE_BUSY after busy_timeout.
		db.SetMaxOpenConns(1)
		db.SetConnMaxLifetime(0)
		return db, sqlite, nil
	case "postgres", "postgresql":
		config, err := pgx.ParseConfig(dsn)
		if err != nil {
			return nil, dialect{}, errors.New(
				"the DSN of Postgres cannot be read: it is postgres://USER:PASSWORD@HOST:PORT/DATABASE")
		}
		// An intent must be on the disk before its request is sent, whatever the
		// server's or the role's default is.
		config.RuntimeParams["synchronous_commit"] = "on"
		db := stdlib.OpenDB(*config)
		// A worker holds a connection for the time of a statement; River's own services
		// and the dispatcher need a few.
		db.SetMaxOpenConns(workers/2 + 6)
		db.SetMaxIdleConns(workers/2 + 6)
		db.SetConnMaxLifetime(time.Hour)
		return db, postgres, nil
	}
	return nil, dialect{}, errors.New("the DSN must be file:PATH for SQLite or postgres://USER:PASSWORD@HOST/DATABASE")
}

// sqliteSettings are the parameters that the engine needs, in the form of
// modernc.org/sqlite.
var sqliteSettings = []struct{ name, value, given string }{
	// Writers of other processes are waited for, up to this long.
	{"_pragma", "busy_timeout(10000)", "busy_timeout"},
	// Readers of other processes and the writer do not block one another.
	{"_pragma", "journal_mode(WAL)", "journal_mode"},
	// With WAL, NORMAL would lose the last commits when the power goes: intents among
	// them.
	{"_pragma", "synchronous(FULL)", "synchronous"},
	// A transaction that reads first and writes later fails when another has written
	// in between, and busy_timeout does not help; it takes the writer's lock at its begin.
	{"_txlock", "immediate", ""},
}

// sqliteDSN adds the settings to a DSN. Those of the pragmas may be given in it.
func sqliteDSN(dsn string) (string, error) {
	path, query, _ := strings.Cut(dsn, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", errors.New("the parameters of the SQLite DSN cannot be read")
	}
	name := strings.TrimPrefix(path, "file:")
	if name == "" || strings.Contains(name, ":memory:") || values.Get("mode") == "memory" {
		return "", errors.New("the DSN of SQLite must name a file: a database in memory forgets what was paid for")
	}
	for _, s := range sqliteSettings {
		given := false
		for _, pragma := range values["_pragma"] {
			given = given || s.given != "" && strings.HasPrefix(strings.ToLower(strings.TrimSpace(pragma)), s.given)
		}
		if s.given == "" {
			values.Set(s.name, s.value)
		} else if !given {
			values.Add(s.name, s.value)
		}
	}
	return path + "?" + values.Encode(), nil
}

// migrations are the tables of this package, one text a version, never changed once
// released. SERIAL is replaced by the dialect's counting key. Times are microseconds
// since 1970, 0 for none. What is large lies apart from what changes often: SQLite
// rewrites the whole row.
var migrations = []string{`
create table runcomfy_request (
	seq       SERIAL,
	key       text not null unique,
	model     text not null,
	state     text not null check (state in ('queued', 'submitting', 'running', 'done', 'failed', 'ambiguous')),
	river_job bigint not null default 0,
	job       text not null default '',
	tries     integer not null default 0,
	handled   integer not null default 0,
	cost      double precision,
	error     text not null default '',
	created   bigint not null,
	accepted  bigint not null default 0,
	ended     bigint not null default 0
);
create index runcomfy_request_state on runcomfy_request (state, seq);
create table runcomfy_body (
	key    text primary key,
	body   text not null,
	extra  text not null default '',
	result text not null default ''
);
create table runcomfy_journal (
	key      text primary key,
	revision bigint not null,
	state    text not null,
	record   text not null
);
create index runcomfy_journal_doubt on runcomfy_journal (state) where state <> 'accepted';
create table runcomfy_budget (
	id     integer primary key check (id = 1),
	reads  bigint not null default 0,
	held   bigint not null default 0,
	reason text not null default ''
);
insert into runcomfy_budget (id) values (1)`,
}

// migrate brings River's tables and this package's up to date. Processes that start
// together take turns.
func migrate(ctx context.Context, db *sql.DB, d dialect) error {
	if d.lock != "" {
		conn, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := conn.ExecContext(ctx, d.lock); err != nil {
			return err
		}
		defer conn.ExecContext(context.WithoutCancel(ctx), d.unlock)
	}
	migrator, err := rivermigrate.New(d.driver(db), nil)
	if err != nil {
		return err
	}
	// SQLite has no lock that several transactions could share: a process that lost the
	// race finds the tables made when it looks again.
	for try := 1; ; try++ {
		_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
		if err == nil {
			err = migrateOwn(ctx, db, d)
		}
		if err == nil || try == 5 || d.lock != "" || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(try) * 100 * time.Millisecond):
		}
	}
}

func migrateOwn(ctx context.Context, db *sql.DB, d dialect) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	_, err = tx.ExecContext(ctx, "create table if not exists runcomfy_migration (version integer primary key)")
	if err != nil {
		return err
	}
	var version int
	err = tx.QueryRowContext(ctx, "select coalesce(max(version), 0) from runcomfy_migration").Scan(&version)
	if err != nil {
		return err
	}
	if version > len(migrations) {
		return fmt.Errorf("the database has version %d of the tables, this program knows %d: "+
			"generate the package again with a newer genclient", version, len(migrations))
	}
	for i := version; i < len(migrations); i++ {
		for _, statement := range strings.Split(strings.ReplaceAll(migrations[i], "SERIAL", d.serial), ";") {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, "insert into runcomfy_migration (version) values ($1)", i+1); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// inTx runs f in a transaction. Nothing in f may call the API.
func (e *Engine) inTx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := e.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}
