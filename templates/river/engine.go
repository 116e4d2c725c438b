package runcomfyriver

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"

	runcomfy "github.com/genclient/genclient/generated/runcomfy"
)

// Config says how an Engine works. The zero value reads the token from the
// environment and has no handlers: results are then read with Requests.
type Config struct {
	Token         string            // of the API; "" reads RUNCOMFY_API_TOKEN, then RUNCOMFY_TOKEN
	ClientOptions []runcomfy.Option // of runcomfy.New; the engine adds its journal

	// InFlight is how many requests may be at the API at once, over all processes of the
	// database: the account's concurrency is one shared budget. The default is 8.
	InFlight int
	// ReadRate is how many reads of jobs per second all processes of the database make
	// together. The default is 5, the client's own.
	ReadRate float64
	// Workers is how many River jobs one process works at once. The default is InFlight.
	Workers int
	// MaxBody bounds the body of a request, in bytes. It decides how long a submit may
	// take and with it how long a job of a killed process stays untouched. The default is
	// 4 MiB; the API takes 64 MiB.
	MaxBody int64
	// MaxCost bounds what is spent, in US dollars; with 0 nothing does. A request is submitted
	// only while the known costs, and CostEstimate for each request in flight or in doubt,
	// leave room for one more.
	MaxCost float64
	// CostEstimate is what a request is taken to cost as long as its cost is not known. The
	// default is the highest cost known; until one is, requests go one at a time.
	CostEstimate float64
	// MaxWait bounds how long an accepted job is waited for. The default is 24 hours.
	MaxWait time.Duration

	// The handlers get each request that has ended. They are called at least once, and
	// again after an error, or when the process died before they returned. A nil handler is
	// one that does nothing.
	Done      func(context.Context, Request, *runcomfy.Result) error
	Failed    func(context.Context, Request, error) error // no result comes of it
	Ambiguous func(context.Context, Request, error) error // it may have been charged, see Engine.SettleAccepted
	// HandlerTimeout bounds a handler. The default is 10 minutes.
	HandlerTimeout time.Duration

	Logger *slog.Logger // of the engine and of River; the default is slog.Default
	// Register adds further kinds of River jobs. Each process of the database must
	// register all of them: River's leader discards the jobs of kinds that it does not know.
	Register func(*river.Workers)
	// River changes River's configuration before the client is made, such as its queues for
	// kinds of Register.
	River func(*river.Config)
}

// An Engine runs requests in a database. It is made by Open and is safe for
// concurrent use.
type Engine struct {
	cfg     Config
	db      *sql.DB
	dialect dialect
	journal *Journal
	client  *runcomfy.Client
	limits  runcomfy.Limits
	river   *river.Client[*sql.Tx]
	log     *slog.Logger
	wake    chan struct{} // lets the dispatcher know that a place may be free

	mu         sync.Mutex
	jobs       map[string]*runcomfy.Job // of requests at the API, as far as this process met them
	outcomes   map[string]outcome       // of requests whose handlers have not returned
	unrecorded map[string]acceptance    // accepted jobs that the database does not know yet
	working    map[string]bool          // keys that this process works on
}

// outcome is what came of a request, for its handler.
type outcome struct {
	result *runcomfy.Result
	err    error
}

// acceptance is a job that the API has accepted.
type acceptance struct {
	id string
	at time.Time
}

// Open opens the database that dsn names, brings its tables and River's up to date,
// and returns an engine. dsn is file:PATH for SQLite, with the parameters of
// modernc.org/sqlite, or postgres://USER:PASSWORD@HOST/DATABASE, with those of pgx.
// A SQLite database in memory is refused: it would forget what was paid for.
func Open(ctx context.Context, dsn string, cfg Config) (*Engine, error) {
	cfg.setDefaults()
	db, d, err := openDatabase(dsn, cfg.Workers)
	if err != nil {
		return nil, fmt.Errorf("runcomfyriver: opening the database: %w", err)
	}
	e := &Engine{
		cfg: cfg, db: db, dialect: d, journal: &Journal{db: db}, log: cfg.Logger, wake: make(chan struct{}, 1),
		jobs: map[string]*runcomfy.Job{}, outcomes: map[string]outcome{},
		unrecorded: map[string]acceptance{}, working: map[string]bool{},
	}
	if err := e.prepare(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return e, nil
}

func (e *Engine) prepare(ctx context.Context) error {
	if err := migrate(ctx, e.db, e.dialect); err != nil {
		return fmt.Errorf("runcomfyriver: preparing the database: %w", err)
	}
	// The client's own budget is of one process; it is no narrower than the shared one, so
	// that a read that this has let pass does not wait in a worker.
	options := append([]runcomfy.Option{runcomfy.WithReadRate(e.cfg.ReadRate, readBurst)}, e.cfg.ClientOptions...)
	options = append(options, runcomfy.WithJournal(e.journal),
		runcomfy.WithLimits(func(l *runcomfy.Limits) {
			l.Body = min(l.Body, e.cfg.MaxBody)
			e.limits = *l
		}))
	e.client = runcomfy.New(e.cfg.Token, options...)
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &worker{engine: e}); err != nil {
		return fmt.Errorf("runcomfyriver: %w", err)
	}
	if e.cfg.Register != nil {
		e.cfg.Register(workers)
	}
	config := e.riverConfig(workers)
	if e.cfg.River != nil {
		e.cfg.River(config)
	}
	client, err := river.NewClient(e.dialect.driver(e.db), config)
	if err != nil {
		return fmt.Errorf("runcomfyriver: %w", err)
	}
	e.river = client
	return nil
}

func (c *Config) setDefaults() {
	c.InFlight = cmp.Or(max(c.InFlight, 0), 8)
	c.ReadRate = cmp.Or(max(c.ReadRate, 0), 5)
	c.Workers = cmp.Or(max(c.Workers, 0), c.InFlight)
	c.MaxBody = cmp.Or(max(c.MaxBody, 0), 4<<20)
	c.MaxWait = cmp.Or(max(c.MaxWait, 0), 24*time.Hour)
	c.HandlerTimeout = cmp.Or(max(c.HandlerTimeout, 0), 10*time.Minute)
	c.Logger = cmp.Or(c.Logger, slog.Default())
}

// queueName is the River queue of the requests.
const queueName = "runcomfy"

// riverConfig returns River's configuration.
func (e *Engine) riverConfig(workers *river.Workers) *river.Config {
	return &river.Config{
		Logger:  e.log,
		Queues:  map[string]river.QueueConfig{queueName: {MaxWorkers: e.cfg.Workers}},
		Workers: workers,
		// Half a second is what a job that is due waits on average at an interval of one,
		// in databases that do not notify; SQLite and database/sql do not.
		FetchPollInterval: 500 * time.Millisecond,
		// The longest step but a submit and a handler, which set their own, see
		// worker.Timeout. River rescues a job that has run for longer than both its own timeout
		// and RescueStuckJobsAfter, so this is how soon the read of a killed process is made
		// again.
		JobTimeout:           readTimeout,
		RescueStuckJobsAfter: readTimeout,
		// A snooze is not an attempt; a rescue is one, and without attempts left a rescued
		// job is discarded. 25 kills in the midst of one job are more than chance.
		MaxAttempts: 25,
		// On shutdown a submit gets this long to end by itself, then its context ends and the
		// client waits for the answer for its grace: the id of a job that was paid for is
		// recorded.
		SoftStopTimeout: 10 * time.Second,
	}
}

// DB returns the database, for transactions of the caller's that insert requests.
func (e *Engine) DB() *sql.DB { return e.db }

// Client returns the client that submits and reads, with the engine's journal.
func (e *Engine) Client() *runcomfy.Client { return e.client }

// Journal returns the journal of the engine's client.
func (e *Engine) Journal() *Journal { return e.journal }

// River returns the River client, which works the requests between the begin and the
// end of Run.
func (e *Engine) River() *river.Client[*sql.Tx] { return e.river }

// Close closes the database. Call it after Run has returned.
func (e *Engine) Close() error {
	e.client.CloseIdleConnections()
	return e.db.Close()
}

// Run works requests, together with the other processes of the database, until ctx
// ends. Then it takes no new ones, lets submits under way record what came of them,
// and returns nil; that takes half a minute at most. It returns an error when it
// cannot start.
func (e *Engine) Run(ctx context.Context) error {
	if _, err := e.client.Job("probe"); err != nil { // makes no call: what New could not say
		return fmt.Errorf("runcomfyriver: %w", err)
	}
	if err := e.river.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("runcomfyriver: starting River: %w", err)
	}
	var dispatcher sync.WaitGroup
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	dispatcher.Go(func() { e.dispatch(ctx, working) })
	<-ctx.Done()
	err := e.river.Stop(context.WithoutCancel(ctx))
	stop()
	dispatcher.Wait()
	if err != nil {
		return fmt.Errorf("runcomfyriver: stopping River: %w", err)
	}
	return nil
}
