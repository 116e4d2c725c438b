package runcomfyriver

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river/rivertype"

	runcomfy "github.com/genclient/genclient/generated/runcomfy"
)

// The pace of the dispatcher. A place that is free is usually filled at once, by the
// process that freed it; the interval is for what another process freed.
const (
	dispatchInterval  = time.Second
	reconcileInterval = 15 * time.Second
)

// kick lets the dispatcher of this process look for a free place.
func (e *Engine) kick() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// dispatch gives places to requests until ctx ends, and records what could not be
// recorded until working ends: River's jobs go on for a while.
func (e *Engine) dispatch(ctx, working context.Context) {
	tick := time.NewTicker(dispatchInterval)
	defer tick.Stop()
	var reconciled time.Time
	for {
		select {
		case <-working.Done():
			e.recordAll(context.WithoutCancel(working))
			return
		case <-tick.C:
		case <-e.wake:
		}
		e.recordAll(working)
		if ctx.Err() != nil {
			continue
		}
		if err := e.release(working); err != nil {
			e.log.WarnContext(ctx, "runcomfyriver: giving places to requests", "error", err)
		}
		if time.Since(reconciled) < reconcileInterval {
			continue
		}
		reconciled = time.Now()
		if err := e.reconcile(working); err != nil {
			e.log.WarnContext(ctx, "runcomfyriver: looking after requests", "error", err)
		}
	}
}

// release gives the free places to the first requests in line, in one transaction
// that no other process runs at the same time.
func (e *Engine) release(ctx context.Context) error {
	var queued int
	err := e.db.QueryRowContext(ctx,
		"select count(*) from (select 1 from runcomfy_request where state = 'queued' limit 1) q").Scan(&queued)
	if err != nil || queued == 0 {
		return err
	}
	return e.inTx(ctx, func(tx *sql.Tx) error {
		if e.dialect.lockTx != "" {
			if _, err := tx.ExecContext(ctx, e.dialect.lockTx); err != nil {
				return err
			}
		}
		places, err := e.places(ctx, tx)
		if err != nil || places <= 0 {
			return err
		}
		keys, err := column[string](ctx, tx,
			"select key from runcomfy_request where state = 'queued' order by seq limit $1", places)
		if err != nil {
			return err
		}
		for _, key := range keys {
			_, err := tx.ExecContext(ctx, "update runcomfy_request set state = 'submitting', tries = 0 where key = $1", key)
			if err != nil {
				return err
			}
			if err := e.wakeJob(ctx, tx, key); err != nil {
				return err
			}
		}
		return nil
	})
}

// places returns how many more requests may be at the API.
func (e *Engine) places(ctx context.Context, tx *sql.Tx) (int, error) {
	var busy int
	err := tx.QueryRowContext(ctx,
		"select count(*) from runcomfy_request where state in ('submitting', 'running')").Scan(&busy)
	if err != nil {
		return 0, err
	}
	var held bool
	err = tx.QueryRowContext(ctx, "select held > "+e.dialect.now+" from runcomfy_budget").Scan(&held)
	if err != nil || held {
		return 0, err
	}
	places := e.cfg.InFlight - busy
	if e.cfg.MaxCost == 0 || places <= 0 {
		return places, nil
	}
	c, err := e.counts(ctx, tx)
	if err != nil {
		return 0, err
	}
	return min(places, affordable(c, e.cfg.MaxCost, e.cfg.CostEstimate, busy)), nil
}

// affordable returns how many more requests fit into what may be spent.
func affordable(c Counts, most, estimate float64, busy int) int {
	if estimate <= 0 {
		estimate = c.Highest
	}
	left := most - c.Cost
	switch {
	case left <= 0:
		return 0
	case estimate <= 0 && c.Unknown > busy: // a job has ended without a cost: nobody can reckon
		return 0
	case estimate <= 0: // the first request shows what one costs
		return max(1-busy, 0)
	}
	return max(int(min(left/estimate+1e-9, 1e9))-c.Unknown, 0)
}

// column reads the one column of a query.
func column[T any](ctx context.Context, db querier, query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var values []T
	for rows.Next() {
		var v T
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, rows.Err()
}

// wakeJob makes the River job of a request available, a new one if River has deleted
// it. A job that runs at this moment is not touched: reconcile looks again.
func (e *Engine) wakeJob(ctx context.Context, tx *sql.Tx, key string) error {
	var id int64
	var size int
	err := tx.QueryRowContext(ctx, `select r.river_job, length(b.body) + length(b.extra) from runcomfy_request r
		join runcomfy_body b on b.key = r.key where r.key = $1`, key).Scan(&id, &size)
	if err != nil {
		return err
	}
	_, err = e.river.JobRetryTx(ctx, tx, id)
	if errors.Is(err, rivertype.ErrNotFound) {
		return e.insertJob(ctx, tx, key, size, false)
	}
	return err
}

// reconcile finds requests that no River job would bring further: a job that was
// discarded, cancelled by hand or deleted while its request has a place, and doubtful
// requests whose journal record has been resolved by its sender meanwhile.
func (e *Engine) reconcile(ctx context.Context) error {
	resolved, err := column[string](ctx, e.db, `select r.key from runcomfy_request r
		join runcomfy_journal j on j.key = r.key
		where r.state = 'ambiguous' and j.state = 'accepted'`)
	if err != nil {
		return err
	}
	for _, key := range resolved {
		record, found, err := e.journal.Get(ctx, key)
		if err != nil || !found {
			return err
		}
		if err := e.setRunning(ctx, key, acceptance{record.RequestID, record.Updated}); err != nil {
			return err
		}
	}
	active, err := column[string](ctx, e.db, "select key from runcomfy_request where state in ('submitting', 'running')")
	if err != nil {
		return err
	}
	for _, key := range active {
		if err := e.revive(ctx, key); err != nil {
			return fmt.Errorf("request %q: %w", key, err)
		}
	}
	return nil
}

// revive wakes the River job of a request that has a place unless River will work it.
func (e *Engine) revive(ctx context.Context, key string) error {
	var id int64
	err := e.db.QueryRowContext(ctx, "select river_job from runcomfy_request where key = $1", key).Scan(&id)
	if err != nil {
		return err
	}
	job, err := e.river.JobGet(ctx, id)
	if err != nil && !errors.Is(err, rivertype.ErrNotFound) {
		return err
	}
	if err == nil && job.State != rivertype.JobStatePending && job.FinalizedAt == nil {
		return nil
	}
	return e.inTx(ctx, func(tx *sql.Tx) error {
		var state State
		err := tx.QueryRowContext(ctx, "select state from runcomfy_request where key = $1", key).Scan(&state)
		if err != nil || state.Ended() {
			return err
		}
		e.log.InfoContext(ctx, "runcomfyriver: waking a request that had no River job", "key", key)
		return e.wakeJob(ctx, tx, key)
	})
}

// recordAll records the accepted jobs that the database does not know yet.
func (e *Engine) recordAll(ctx context.Context) {
	e.mu.Lock()
	waiting := make(map[string]acceptance, len(e.unrecorded))
	for key, a := range e.unrecorded {
		waiting[key] = a
	}
	e.mu.Unlock()
	for key, a := range waiting {
		if err := e.record(ctx, key, a); err != nil {
			e.log.ErrorContext(ctx, "runcomfyriver: an accepted job is not recorded yet", "key", key, "job", a.id, "error", err)
		}
	}
}

// record writes down that a job was accepted, in the journal too when the client could
// not: this process has sent the request, so it may turn its own doubt into knowledge.
func (e *Engine) record(ctx context.Context, key string, a acceptance) error {
	record, found, err := e.journal.Get(ctx, key)
	if err != nil {
		return err
	}
	if found && (record.State == runcomfy.JournalStateSending || record.State == runcomfy.JournalStateAmbiguous) {
		next := record
		next.Revision, next.Updated = record.Revision+1, time.Now().UTC()
		next.State, next.RequestID, next.Reason = runcomfy.JournalStateAccepted, a.id, ""
		if swapped, err := e.journal.CompareAndSwap(ctx, record.Revision, next); err != nil || !swapped {
			return cmp.Or(err, errors.New("the journal record has just changed"))
		}
	}
	if err := e.setRunning(ctx, key, a); err != nil {
		return err
	}
	e.mu.Lock()
	delete(e.unrecorded, key)
	e.mu.Unlock()
	return nil
}

// setRunning notes the job of a request that has none yet. A request that was taken
// for ambiguous comes back to life.
func (e *Engine) setRunning(ctx context.Context, key string, a acceptance) error {
	return e.inTx(ctx, func(tx *sql.Tx) error {
		r, err := e.load(ctx, tx, key)
		if err != nil {
			return err
		}
		if r.State != StateSubmitting && r.State != StateAmbiguous {
			return nil
		}
		_, err = tx.ExecContext(ctx, `update runcomfy_request set state = 'running', job = $1, accepted = $2, tries = 0,
			error = '', ended = 0, handled = 0 where key = $3`, a.id, micros(a.at), key)
		if err != nil || r.State == StateSubmitting {
			return err
		}
		return e.wakeJob(ctx, tx, key)
	})
}
