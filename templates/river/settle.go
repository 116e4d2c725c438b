package runcomfyriver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	runcomfy "github.com/genclient/genclient/generated/runcomfy"
)

// SettleAccepted resolves an ambiguous request: a person has found its job in the
// account's history. The job is waited for and handled like any other.
func (e *Engine) SettleAccepted(ctx context.Context, key, requestID string) error {
	if _, err := e.client.Job(requestID); err != nil {
		return err
	}
	return e.settle(ctx, key, func(tx *sql.Tx, record *runcomfy.JournalRecord) error {
		record.State, record.RequestID, record.Reason = runcomfy.JournalStateAccepted, requestID, ""
		_, err := tx.ExecContext(ctx, `update runcomfy_request set state = 'running', job = $1, accepted = $2, tries = 0,
			error = '', ended = 0, handled = 0 where key = $3`, requestID, micros(record.Started), key)
		if err != nil {
			return err
		}
		return e.wakeJob(ctx, tx, key)
	})
}

// SettleNotAccepted resolves an ambiguous request: a person has made sure that the
// account's history has no job of it. It goes back in line and is submitted again.
func (e *Engine) SettleNotAccepted(ctx context.Context, key string) error {
	defer e.kick()
	return e.settle(ctx, key, func(tx *sql.Tx, record *runcomfy.JournalRecord) error {
		record.State, record.RequestID, record.Reason = runcomfy.JournalStateRejected, "",
			"settled by hand: no job came of it"
		_, err := tx.ExecContext(ctx, `update runcomfy_request set state = 'queued', job = '', accepted = 0, tries = 0,
			error = '', ended = 0, handled = 0 where key = $1`, key)
		return err
	})
}

// settle changes the journal record and the request of a key in one transaction.
func (e *Engine) settle(ctx context.Context, key string, change func(*sql.Tx, *runcomfy.JournalRecord) error) error {
	e.mu.Lock()
	delete(e.outcomes, key)
	e.mu.Unlock()
	err := e.inTx(ctx, func(tx *sql.Tx) error {
		r, err := e.load(ctx, tx, key)
		if err != nil {
			return err
		}
		if r.State != StateAmbiguous {
			return fmt.Errorf("request %q is %s, not in doubt", key, r.State)
		}
		record, found, err := getRecord(ctx, tx, key)
		switch {
		case err != nil:
			return err
		case !found || record.State != runcomfy.JournalStateSending && record.State != runcomfy.JournalStateAmbiguous:
			return fmt.Errorf("the journal has no doubt about request %q", key)
		}
		revision := record.Revision
		record.Revision, record.Updated = revision+1, time.Now().UTC()
		if err := change(tx, &record); err != nil {
			return err
		}
		swapped, err := swapRecord(ctx, tx, revision, record)
		if err == nil && !swapped {
			err = errors.New("the journal record has just changed")
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("runcomfyriver: settling: %w", err)
	}
	return nil
}
